/** When an opening may be skipped. Pure; seconds. */
import type { Span } from './next.ts';

/** So short before its end there is nothing left to skip. */
const LAST_S = 1;

export function isSkippable(intro: Span | null, time: number): intro is Span {
  return intro !== null && intro.start_s <= time && time < intro.end_s - LAST_S;
}
