/** How fast an upload goes and how long it still takes. Pure. */

/** A sample older than this says little about now. */
const MEMORY_S = 6;

export interface Speed {
  bytesPerS: number;
  atMs: number;
  sent: number;
}

export const STANDSTILL: Speed = { bytesPerS: 0, atMs: 0, sent: 0 };

/** The speed after hearing that `sent` bytes are over at `nowMs`: an average that forgets with time. */
export function measured(before: Speed, sent: number, nowMs: number): Speed {
  if (before.atMs === 0 || sent < before.sent) return { bytesPerS: 0, atMs: nowMs, sent };
  const seconds = (nowMs - before.atMs) / 1000;
  if (seconds <= 0) return before;
  const current = (sent - before.sent) / seconds;
  const weight = before.bytesPerS === 0 ? 1 : 1 - Math.exp(-seconds / MEMORY_S);
  return { bytesPerS: before.bytesPerS + weight * (current - before.bytesPerS), atMs: nowMs, sent };
}

/** Seconds until the rest is over, or null while nobody can know. */
export function secondsLeft(speed: Speed, sent: number, total: number): number | null {
  return speed.bytesPerS > 0 ? (total - sent) / speed.bytesPerS : null;
}
