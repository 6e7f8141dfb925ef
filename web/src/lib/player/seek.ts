/** The arithmetic of the seek bar. Pure; seconds and CSS pixels. */

/** The time under the pointer at `x` on a bar that starts at `left` and is `width` wide. */
export function timeAt(x: number, left: number, width: number, duration: number): number {
  if (width <= 0 || duration <= 0) return 0;
  return clamp((x - left) / width, 0, 1) * duration;
}

/** Where `time` lies on the bar, 0..1. */
export function shareOf(time: number, duration: number): number {
  return duration > 0 ? clamp(time / duration, 0, 1) : 0;
}

/** The left edge of a preview `size` wide, centred on `x` and kept on a bar `width` wide. */
export function previewLeft(x: number, size: number, width: number): number {
  return clamp(x - size / 2, 0, Math.max(0, width - size));
}

/** A film is never sought to its very last instant: players stop there and decode nothing. */
const END_MARGIN_S = 0.1;

export function seekTarget(time: number, duration: number): number {
  return clamp(time, 0, Math.max(0, duration - END_MARGIN_S));
}

export interface Range {
  start: number;
  end: number;
}

/** How far the picture is there without a gap from `position`, in seconds; 0 outside every range. */
export function bufferAhead(ranges: readonly Range[], position: number): number {
  const slack = 0.1;
  const range = ranges.find(({ start, end }) => start - slack <= position && position <= end + slack);
  return range ? Math.max(0, range.end - position) : 0;
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
