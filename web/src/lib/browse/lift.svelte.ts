/** Which poster is lifted, and where it lies on the page. One at a time, in a layer of its own, so that nothing moves. */
import type { Card } from '../api/types.ts';

/** A pointer that only passes by lifts nothing. */
const HOVER_DELAY_MS = 280;

interface Lifted {
  card: Card;
  anchor: { left: number; top: number; width: number };
}

class Lift {
  current = $state.raw<Lifted | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** After the pointer has rested. */
  soon(card: Card, element: HTMLElement): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.now(card, element);
    }, HOVER_DELAY_MS);
  }

  now(card: Card, element: HTMLElement): void {
    clearTimeout(this.#timer);
    const box = element.getBoundingClientRect();
    this.current = { card, anchor: { left: box.left, top: box.top + scrollY, width: box.width } };
  }

  forget(): void {
    clearTimeout(this.#timer);
  }

  lower(): void {
    this.forget();
    this.current = null;
  }
}

export const lift = new Lift();
