/** When the next episode is offered. Pure; seconds. */

const LEAD_S = 15;
/** Of a very short film, no more than this share. */
const LEAD_SHARE = 0.25;

/** How long before the end the card comes up. */
export function nextLead(duration: number): number {
  return Math.min(LEAD_S, duration * LEAD_SHARE);
}
