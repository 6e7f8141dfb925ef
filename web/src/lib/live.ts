/** What a page shows that is loaded again and again: while the server is away, what it said last, and since when. */
import { Problem } from './api/problem.ts';

/** Pages whose last answers are remembered. */
const KEPT_MAX = 8;
const kept = new Map<string, { data: object; at: number }>();

export interface Heard {
  /** When the server said this (Unix milliseconds); null while it is what it says now. */
  heardAt: number | null;
}

/**
 * What `load` answers; while the server is away, what it answered last under this `key`.
 *
 * Rejects with the problem where nothing came before, and for any that does not pass by itself: what is gone is gone.
 */
export async function live<T extends object>(key: string, load: () => Promise<T>): Promise<T & Heard> {
  try {
    const data = await load();
    keep(key, data);
    return { ...data, heardAt: null };
  } catch (error) {
    const last = kept.get(key);
    if (last && isPassing(error)) return { ...(last.data as T), heardAt: last.at };
    kept.delete(key);
    throw error;
  }
}

function keep(key: string, data: object) {
  kept.delete(key);
  kept.set(key, { data, at: Date.now() });
  const [oldest] = kept.keys();
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
}

/** Whether asking again may help: nobody answered, the server had a problem of its own, or too much to do. */
function isPassing(error: unknown): boolean {
  return error instanceof Problem && (error.status === 0 || error.status === 429 || error.status >= 500);
}
