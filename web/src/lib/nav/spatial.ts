/** Arrow-key navigation: which box is next in a direction. Pure; `focus.ts` applies it to a page. */

export type Direction = 'left' | 'right' | 'up' | 'down';

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** How much worse a step sideways is than a step forward. */
const SIDEWAYS_COST = 3;
/** Boxes may overlap by this many pixels (rings, lifted cards) and still be beside each other. */
const SLACK_PX = 4;

/** The index of the nearest box in `direction` from `from`, or -1. */
export function nextBox(from: Box, boxes: readonly Box[], direction: Direction): number {
  let best = -1;
  let bestCost = Infinity;
  boxes.forEach((box, index) => {
    const cost = costOf(from, box, direction);
    if (cost < bestCost) {
      best = index;
      bestCost = cost;
    }
  });
  return best;
}

/** Infinity for a box that does not lie in that direction. */
function costOf(from: Box, to: Box, direction: Direction): number {
  const [forward, sideways] = offsets(from, to, direction);
  if (forward < -SLACK_PX || !isBeyond(from, to, direction)) return Infinity;
  if (sideways > 0 && (direction === 'left' || direction === 'right')) return Infinity; // a row ends where it ends
  return Math.max(0, forward) + SIDEWAYS_COST * sideways;
}

/** Its centre has to lie further in the direction, or a wide box would be next to itself. */
function isBeyond(from: Box, to: Box, direction: Direction): boolean {
  const dx = to.left + to.right - from.left - from.right;
  const dy = to.top + to.bottom - from.top - from.bottom;
  return { left: dx < 0, right: dx > 0, up: dy < 0, down: dy > 0 }[direction];
}

/** Gap forward, and gap sideways: 0 where the two share a line in that direction, plus a little for uneven starts. */
function offsets(from: Box, to: Box, direction: Direction): [number, number] {
  switch (direction) {
    case 'left':
      return [from.left - to.right, gap(from.top, from.bottom, to.top, to.bottom)];
    case 'right':
      return [to.left - from.right, gap(from.top, from.bottom, to.top, to.bottom)];
    case 'up':
      return [from.top - to.bottom, gap(from.left, from.right, to.left, to.right) + drift(from.left, to.left)];
    case 'down':
      return [to.top - from.bottom, gap(from.left, from.right, to.left, to.right) + drift(from.left, to.left)];
  }
}

function gap(fromStart: number, fromEnd: number, toStart: number, toEnd: number): number {
  return Math.max(0, toStart - fromEnd, fromStart - toEnd);
}

/** Between two boxes of the next line that both overlap, the one that starts at the same edge wins. */
function drift(fromStart: number, toStart: number): number {
  return Math.abs(fromStart - toStart) / 100;
}
