/** Arrow keys move the focus over a page, as a remote control expects. */
import { nextBox, type Direction } from './spatial.ts';

const DIRECTIONS: Partial<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};
const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), [tabindex="0"]';
/** Things that use arrow keys themselves. */
const OWN_ARROWS = 'input:not([type="checkbox"]), textarea, select, [role="slider"], [role="menu"], [role="menuitemradio"]';

export function directionOf(key: string): Direction | undefined {
  return DIRECTIONS[key];
}

/**
 * Moves the focus within `root` in the direction of the key that `event` tells. Leaves the key alone when it is
 * none of ours, when the focused thing uses arrows itself, or when nothing lies that way.
 */
export function moveByArrow(event: KeyboardEvent, root: ParentNode): boolean {
  const direction = directionOf(event.key);
  if (!direction || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false;
  const from = document.activeElement;
  if (from instanceof HTMLElement && from.matches(OWN_ARROWS) && !leavesField(from, direction)) return false;
  const target = nextElement(from, direction, root);
  if (!target) return false;
  event.preventDefault();
  target.focus({ preventScroll: true });
  reveal(target);
  return true;
}

/** Focuses the first thing in `root` that is in sight: a remote starts there. */
export function focusFirst(root: ParentNode): void {
  const all = reachable(root);
  const target = all.find(isInSight) ?? all[0];
  target?.focus({ preventScroll: true });
}

function isInSight(element: HTMLElement): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

/** One line of text and a bar use left and right; up and down leave them. */
function leavesField(element: HTMLElement, direction: Direction): boolean {
  const isLine = element.role === 'slider' || (element instanceof HTMLInputElement && element.type !== 'range');
  return isLine && (direction === 'up' || direction === 'down');
}

function reachable(root: ParentNode): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(isReachable);
}

function nextElement(from: Element | null, direction: Direction, root: ParentNode): HTMLElement | undefined {
  const all = reachable(root);
  if (!from || from === document.body) return all[0];
  const others = all.filter((element) => element !== from);
  const boxes = others.map((element) => element.getBoundingClientRect());
  return others[nextBox(from.getBoundingClientRect(), boxes, direction)];
}

function isReachable(element: HTMLElement): boolean {
  return element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true }) && !element.closest('[inert]');
}

function reveal(element: HTMLElement): void {
  const smooth = !matchMedia('(prefers-reduced-motion: reduce)').matches;
  element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: smooth ? 'smooth' : 'instant' });
}
