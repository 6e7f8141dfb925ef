/** What a card says about its title. Pure. */
import type { Card, Played } from '../api/types.ts';
import { left } from '../text/format.ts';
import { t } from '../text/t.ts';

/** Past this share a title counts as seen, and offers to start again. */
export const SEEN_SHARE = 0.95;

export const playHref = (card: Card): string => `/watch/${encodeURIComponent(card.play_id === '' ? card.id : card.play_id)}`;
export const titleHref = (card: Card): string => `/title/${encodeURIComponent(card.id)}`;

export const isSeen = (card: Card): boolean => card.progress >= SEEN_SHARE;
export const isBegun = (card: Card): boolean => card.position_s > 0 && !isSeen(card);

/** The name on a card of its own: an episode goes by its show. */
export const nameOf = (card: Card | Played): string => (card.show_title === '' ? card.title : card.show_title);

/** `S2 E3`, or '' for what is no episode and names none. */
export function episodeOf(card: Card | Played): string {
  if (card.season === null || card.episode === null) return '';
  return t('time.episode', { season: card.season, episode: card.episode });
}

/** `S2 E3 · 18 min left` */
export function whereLeftOff(card: Card): string {
  return [episodeOf(card), left(card.duration_s, card.position_s)].filter(Boolean).join(' · ');
}

/** What the amber button says: it names the episode that it starts. */
export function playLabel(card: Card): string {
  const isResume = isBegun(card);
  if (card.season === null || card.episode === null) return t(isResume ? 'action.resume' : 'action.play');
  return t(isResume ? 'action.resumeEpisode' : 'action.playEpisode', { season: card.season, episode: card.episode });
}

export function aboutLabel(card: Card): string {
  const keys = { film: 'action.aboutFilm', show: 'action.aboutSeries', episode: 'action.aboutEpisode' } as const;
  return t(keys[card.kind]);
}

/** The step of the type scale that a title of this length is set in. */
export function displaySize(title: string): 'short' | 'medium' | 'long' {
  if (title.length <= 26) return 'short';
  return title.length <= 44 ? 'medium' : 'long';
}
