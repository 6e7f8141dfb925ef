/** Files on their way to the server (tus 1.0): a few at a time, each in pieces, each going on where it stopped. */
import { defaultOptions, DetailedError, Upload, type PreviousUpload } from 'tus-js-client';
import { CSRF_HEADERS } from '../api/client.ts';
import { t } from '../text/t.ts';
import { isPassing, uploadProblem } from './failure.ts';
import { measured, secondsLeft, STANDSTILL, type Speed } from './speed.ts';

export type UploadState = 'waiting' | 'sending' | 'paused' | 'retrying' | 'interrupted' | 'done' | 'failed';

const ENDPOINT = '/v1/uploads';
/** Two fill most lines; more only make each of them slower. */
const ACTIVE_MAX = 2;
/** A lost connection costs at most this much, also through proxies that hold a request back until it is whole. */
const PIECE_BYTES = 32 * 1024 * 1024;
/** Between tries, in milliseconds; the last is repeated until the viewer gives up. */
const RETRY_DELAYS_MS = [0, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000];
const RETRIES_MAX = 60;

export class FileUpload {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  state = $state<UploadState>('waiting');
  sent = $state(0);
  problem = $state('');
  #speed = $state.raw<Speed>(STANDSTILL);
  #upload: Upload | null = null;
  #previous: PreviousUpload | null;
  readonly #onchange: () => void;

  constructor(key: string, name: string, size: number, previous: PreviousUpload | null, onchange: () => void) {
    this.key = key;
    this.name = name;
    this.size = size;
    this.#previous = previous;
    this.#onchange = onchange;
    if (previous) this.state = 'interrupted';
  }

  /** Whether its file is at hand: after a reload, or when it was empty, it is not. */
  get canResume(): boolean {
    return this.#upload !== null;
  }

  get share(): number {
    return this.size > 0 ? this.sent / this.size : 0;
  }

  get bytesPerS(): number {
    return this.#speed.bytesPerS;
  }

  get etaS(): number | null {
    return secondsLeft(this.#speed, this.sent, this.size);
  }

  /** Asks the server how much of an interrupted upload is there; one that it no longer has is forgotten. */
  async look(): Promise<void> {
    const url = this.#previous?.uploadUrl;
    if (!this.#previous || !url) return;
    const answer = await fetch(url, { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } }).catch(() => null);
    if (answer === null) return; // the server is away: nothing is known, and nothing is lost
    if (answer.ok) this.sent = Number(answer.headers.get('Upload-Offset'));
    else if (answer.status === 404 || answer.status === 410) this.#fail(t('uploadError.gone'));
  }

  /** Takes the file that the browser let go of when the page was closed. Says why, if it is another one. */
  take(file: File): void {
    if (file.name !== this.name || file.size !== this.size) {
      this.problem = 'other';
      return;
    }
    this.problem = '';
    this.#prepare(file);
    this.state = 'waiting';
    this.#onchange();
  }

  /** A file that was just chosen. */
  begin(file: File): void {
    if (file.size === 0) {
      this.#fail(t('uploadError.empty'));
      return;
    }
    this.#prepare(file);
    this.#onchange();
  }

  async start(): Promise<void> {
    if (!this.#upload) return;
    this.state = 'sending';
    this.#speed = STANDSTILL;
    if (this.#previous) this.#upload.resumeFromPreviousUpload(this.#previous);
    else {
      const [known] = await this.#upload.findPreviousUploads();
      if (known) this.#upload.resumeFromPreviousUpload(known);
    }
    this.#upload.start();
  }

  async pause(): Promise<void> {
    this.state = 'paused';
    await this.#upload?.abort();
    this.#onchange();
  }

  resume(): void {
    this.problem = '';
    this.state = 'waiting';
    this.#onchange();
  }

  /** Stops it and removes what is on the server; a server that is away forgets it by itself when it expires. */
  async cancel(): Promise<void> {
    const url = this.#upload?.url ?? this.#previous?.uploadUrl ?? null;
    await this.#upload?.abort();
    if (url !== null) await Upload.terminate(url, { headers: CSRF_HEADERS, retryDelays: null }).catch(() => undefined);
    if (this.#previous) await defaultOptions.urlStorage.removeUpload(this.#previous.urlStorageKey);
  }

  #prepare(file: File): void {
    this.#upload = new Upload(file, {
      endpoint: ENDPOINT,
      chunkSize: PIECE_BYTES,
      metadata: { filename: file.name, filetype: file.type },
      headers: CSRF_HEADERS,
      removeFingerprintOnSuccess: true,
      retryDelays: Array.from({ length: RETRIES_MAX }, (_, try_) => RETRY_DELAYS_MS[Math.min(try_, RETRY_DELAYS_MS.length - 1)] ?? 0),
      onShouldRetry: (error) => {
        const isAgain = isPassing(statusOf(error));
        if (isAgain && this.state === 'sending') this.state = 'retrying';
        return isAgain;
      },
      onProgress: (sent) => {
        this.#progress(sent);
      },
      onSuccess: () => {
        this.sent = this.size;
        this.state = 'done';
        this.#onchange();
      },
      onError: (error) => {
        this.#fail(error instanceof DetailedError ? uploadProblem(statusOf(error), bodyOf(error)) : t('uploadError.changed'));
      },
    });
  }

  #progress(sent: number): void {
    if (this.state === 'retrying') this.state = 'sending';
    this.sent = sent;
    this.#speed = measured(this.#speed, sent, performance.now());
  }

  #fail(problem: string): void {
    this.problem = problem;
    this.state = 'failed';
    this.#onchange();
  }
}

function statusOf(error: Error): number {
  return error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? 0) : 0;
}

function bodyOf(error: DetailedError): string {
  return error.originalResponse?.getBody() ?? '';
}

/** All files of this browser; they go on while the viewer looks at other pages. */
class Uploads {
  list = $state<FileUpload[]>([]);
  #isRestored = false;

  get isBusy(): boolean {
    return this.list.some((upload) => ['waiting', 'sending', 'retrying'].includes(upload.state));
  }

  /** The uploads that a closed window left behind. */
  async restore(): Promise<void> {
    if (this.#isRestored) return;
    this.#isRestored = true;
    const left = await defaultOptions.urlStorage.findAllUploads();
    this.list = [...this.list, ...left.map((previous) => this.#fromPrevious(previous))];
    await Promise.all(this.list.map((upload) => upload.look()));
  }

  add(files: Iterable<File>): void {
    for (const file of files) {
      const waiting = this.list.find((upload) => upload.state === 'interrupted' && upload.name === file.name && upload.size === file.size);
      if (waiting) waiting.take(file);
      else this.#addNew(file);
    }
  }

  async remove(upload: FileUpload): Promise<void> {
    this.list = this.list.filter((other) => other !== upload);
    if (upload.state !== 'done') await upload.cancel();
    this.#next();
  }

  #addNew(file: File): void {
    const upload = new FileUpload(crypto.getRandomValues(new Uint32Array(2)).join('-'), file.name, file.size, null, () => {
      this.#next();
    });
    this.list.push(upload);
    upload.begin(file);
  }

  #fromPrevious(previous: PreviousUpload): FileUpload {
    const name = previous.metadata['filename'] ?? '';
    return new FileUpload(previous.urlStorageKey, name, previous.size ?? 0, previous, () => {
      this.#next();
    });
  }

  #next(): void {
    const active = this.list.filter((upload) => upload.state === 'sending' || upload.state === 'retrying').length;
    for (const upload of this.list.filter(({ state }) => state === 'waiting').slice(0, Math.max(0, ACTIVE_MAX - active))) {
      void upload.start();
    }
  }
}

export const uploads = new Uploads();
