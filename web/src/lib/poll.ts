/** Looks again and again, for an effect that ends with its page. */
import { invalidate } from '$app/navigation';

const POLL_MS = 2000;

/** Has what depends on `key` loaded anew every two seconds while the page is in sight; returns how to stop. */
export function poll(key: string): () => void {
  const timer = setInterval(() => {
    if (!document.hidden) void invalidate(key);
  }, POLL_MS);
  return () => {
    clearInterval(timer);
  };
}
