/** Where to cut a picture so that its subject stays in the frame. */
import type { Picture } from '../api/types.ts';

/**
 * The CSS `object-position` under `object-fit: cover` that centres the picture's focus point in a box of
 * `boxRatio` (width / height), as far as the picture reaches.
 */
export function cropPosition(picture: Pick<Picture, 'width' | 'height' | 'focus'>, boxRatio: number): string {
  const ratio = picture.width / picture.height;
  const x = ratio > boxRatio ? along(picture.focus[0], boxRatio / ratio) : 0.5;
  const y = ratio < boxRatio ? along(picture.focus[1], ratio / boxRatio) : 0.5;
  return `${percent(x)} ${percent(y)}`;
}

/** Share 0..1 of the slack before the window, for a window that shows `visible` of the side around `focus`. */
function along(focus: number, visible: number): number {
  const start = Math.min(Math.max(focus - visible / 2, 0), 1 - visible);
  return visible >= 1 ? 0.5 : start / (1 - visible);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
