/** When the next episode is offered. Pure; seconds. */

const LEAD_S = 15;
/** Of a very short film, no more than this share. */
const LEAD_SHARE = 0.25;

/** A part of a title. */
export interface Span {
  start_s: number;
  end_s: number;
}

/** Credits that end so near the end last to it. */
const TO_THE_END_S = 1;

/** How long before the end the card comes up: with the credits, where they are known and last to the end. */
export function nextLead(duration: number, credits: Span | null): number {
  if (credits && duration - credits.end_s < TO_THE_END_S) return Math.max(0, duration - credits.start_s);
  return Math.min(LEAD_S, duration * LEAD_SHARE);
}
