/** Marks as an editor types them: times are read and written, what cannot be is told. Pure; seconds. */
import type { Marks, Span } from '../api/types.ts';

export const WHICH = ['intro', 'credits'] as const;
export type Which = (typeof WHICH)[number];

export interface SpanDraft {
  start: string;
  end: string;
}
export type Draft = Record<Which, SpanDraft | null>;

/** What is wrong with a mark; the last: the credits begin before the opening ends. */
export type Fault = 'unreadable' | 'backwards' | 'beyond' | 'overlap';

const TIME = /^(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5}(?:[.,]\d{1,3})?)$/;
/** Times are typed to the millisecond. */
const EXACT_S = 0.001;
/** A new mark is as long as most of them, and no more than this share of the title. */
const NEW_S = 60;
const NEW_SHARE = 0.25;

/** `1:05` -> 65, `1:02:03.5` -> 3723.5, `65` -> 65; null for what is no time. */
export function secondsIn(text: string): number | null {
  const [, hours = '0', minutes = '0', seconds] = TIME.exec(text.trim()) ?? [];
  return seconds === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds.replace(',', '.'));
}

/** 65 -> `1:05`, 3723.5 -> `1:02:03.5`. */
export function timeOf(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  const rest = String((ms % 60_000) / 1000);
  const padded = rest.replace(/^\d(?!\d)/, '0$&');
  return hours > 0 ? `${String(hours)}:${String(minutes).padStart(2, '0')}:${padded}` : `${String(minutes)}:${padded}`;
}

export function draftOf(marks: Pick<Marks, Which>): Draft {
  return { intro: typed(marks.intro), credits: typed(marks.credits) };
}

function typed(span: Span | null): SpanDraft | null {
  return span && { start: timeOf(span.start_s), end: timeOf(span.end_s) };
}

/** What an editor begins with where there is no mark yet. */
export function newSpan(which: Which, durationS: number): SpanDraft {
  const lasts = Math.min(NEW_S, Math.floor(durationS * NEW_SHARE));
  const start = which === 'intro' ? 0 : Math.floor(durationS - lasts);
  return { start: timeOf(start), end: timeOf(which === 'intro' ? lasts : durationS) };
}

/** The same time so much earlier or later, within the title; what cannot be read stays. */
export function moved(text: string, byS: number, durationS: number): string {
  const at = secondsIn(text);
  return at === null ? text : timeOf(Math.min(durationS, Math.max(0, at + byS)));
}

/** The part that a draft means, null where it cannot be one; the end of the title may be a millisecond off. */
export function spanOf(draft: SpanDraft, durationS: number): Span | null {
  const [start, end] = [secondsIn(draft.start), secondsIn(draft.end)];
  if (start === null || end === null) return null;
  return { start_s: start, end_s: Math.abs(end - durationS) <= EXACT_S ? durationS : end };
}

export function faultOf(draft: Draft, which: Which, durationS: number): Fault | null {
  const mine = draft[which];
  if (!mine) return null;
  const span = spanOf(mine, durationS);
  if (!span) return 'unreadable';
  if (span.start_s >= span.end_s) return 'backwards';
  if (span.end_s > durationS) return 'beyond';
  const intro = draft.intro && spanOf(draft.intro, durationS);
  return which === 'credits' && intro && span.start_s < intro.end_s ? 'overlap' : null;
}

/** What is sent, or null while something is wrong with it. */
export function marksOf(draft: Draft, durationS: number): Pick<Marks, Which> | null {
  if (WHICH.some((which) => faultOf(draft, which, durationS))) return null;
  return { intro: draft.intro && spanOf(draft.intro, durationS), credits: draft.credits && spanOf(draft.credits, durationS) };
}

export function isSame(one: Draft, other: Draft): boolean {
  return WHICH.every((which) => one[which]?.start === other[which]?.start && one[which]?.end === other[which]?.end);
}
