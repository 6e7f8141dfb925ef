/** Looks again and again, for an effect that ends with its page. */
import { invalidate } from '$app/navigation';

const POLL_MS = 2000;

/** Has what depends on `key` loaded anew every two seconds while the page is in sight; returns how to stop. */
export function poll(key: string): () => void {
  let isOver = false;
  let timer = later();

  function later() {
    return setTimeout(() => void look(), POLL_MS);
  }

  async function look() {
    if (!document.hidden) await invalidate(key);
    if (!isOver) timer = later();
  }

  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
