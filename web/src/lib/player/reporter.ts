/** Tells the server where the viewer is: every ten seconds, and at every moment after which there may be none. */
import { sendHeartbeat } from '../api/client.ts';
import type { Heartbeat } from '../api/types.ts';

export const HEARTBEAT_MS = 10_000;

/** A page that is left says so two or three times at once; one report of it is enough. */
const TOGETHER_MS = 250;

export type Report = Omit<Heartbeat, 'event_id'>;

export class Reporter {
  readonly #sessionId: string;
  readonly #read: () => Report | null;
  #lastAt = -Infinity;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `read` answers null while there is nothing to say yet. */
  constructor(sessionId: string, read: () => Report | null) {
    this.#sessionId = sessionId;
    this.#read = read;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.beat();
    }, HEARTBEAT_MS);
    addEventListener('pagehide', this.beat);
    document.addEventListener('visibilitychange', this.#onvisibility);
  }

  /** A last word, then silence. */
  stop(): void {
    this.beat();
    clearInterval(this.#timer);
    removeEventListener('pagehide', this.beat);
    document.removeEventListener('visibilitychange', this.#onvisibility);
  }

  readonly beat = (): void => {
    const report = this.#read();
    const now = performance.now();
    if (!report || now - this.#lastAt < TOGETHER_MS) return;
    this.#lastAt = now;
    // A lost one is repeated by the next, which knows the position better.
    sendHeartbeat(this.#sessionId, { event_id: eventId(), ...report }).catch(() => undefined);
  };

  readonly #onvisibility = (): void => {
    if (document.visibilityState === 'hidden') this.beat();
  };
}

/** 128 random bits in hexadecimal; `randomUUID` is missing where the page comes over plain HTTP. */
function eventId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
