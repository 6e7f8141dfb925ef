/** Cards to build tests from. */
import type { Card, Home, Preparing } from '../src/lib/api/types.ts';

export function aCard(more: Partial<Card> = {}): Card {
  return {
    id: 'title_1',
    kind: 'film',
    title: 'Meridian',
    year: 2021,
    synopsis: '',
    genres: ['Drama'],
    duration_s: 6000,
    height: 1080,
    poster: null,
    still: null,
    state: 'ready',
    position_s: 0,
    progress: 0,
    play_id: 'title_1',
    season: null,
    episode: null,
    show_title: '',
    badge: '',
    reason: '',
    ...more,
  };
}

export function aPreparing(more: Partial<Preparing> = {}): Preparing {
  return {
    title_id: '',
    job_id: 'job_1',
    kind: 'film',
    title: 'Meridian',
    state: 'running',
    stage: 'render',
    progress: 0.2,
    eta_s: null,
    reason: '',
    remedy: '',
    poster: null,
    ...more,
  };
}

export function aHome(preparing: Preparing[], cards: Card[] = []): Home {
  const row = { id: 'new', title: 'New', reason: '', shape: 'poster' as const, items: cards };
  return { hero: null, rows: cards.length > 0 ? [row] : [], preparing, coming: preparing.length };
}
