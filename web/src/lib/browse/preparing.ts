/** Titles on their way: those that become ready while you watch stay in their place and turn into posters. Pure. */
import type { Card, Home, Preparing } from '../api/types.ts';

export interface Place {
  /** Stays the same from the first sight on, whatever job is at work on it. */
  id: string;
  /** What was last heard of it. */
  preparing: Preparing;
  /** Set once it can be played. */
  card: Card | null;
  /** How often in a row it was in neither list: a film may be between two jobs. */
  missed: number;
}

/** A place is given up when its title has not been heard of for this many looks. */
const MISSES_MAX = 4;

/** The places of `before` as they are in `home`, then the ones that are new. */
export function nextPlaces(before: readonly Place[], home: Home): Place[] {
  const cards = cardsOf(home);
  const left = new Set(home.preparing);
  const kept = before.map((place) => {
    const item = home.preparing.find((candidate) => left.has(candidate) && isSame(place.preparing, candidate));
    if (item) left.delete(item);
    return moved(place, item, cards);
  });
  const fresh = [...left].map((item) => ({ id: item.job_id, preparing: item, card: null, missed: 0 }));
  return [...kept.filter((place) => place.missed < MISSES_MAX), ...fresh];
}

function moved(place: Place, item: Preparing | undefined, cards: readonly Card[]): Place {
  if (item) return { ...place, preparing: item, card: null, missed: 0 };
  const card = cards.find(({ id, title }) => id === place.preparing.title_id || title === place.preparing.title);
  if (card) return { ...place, card, missed: 0 };
  return { ...place, missed: place.missed + 1 };
}

/** One title has several jobs after each other, and an id only from when its file is there. */
function isSame(a: Preparing, b: Preparing): boolean {
  if (a.job_id === b.job_id) return true;
  if (a.title_id !== '' && b.title_id !== '') return a.title_id === b.title_id;
  return a.title === b.title;
}

/** All that can be played. */
function cardsOf(home: Home): Card[] {
  const cards = home.rows.flatMap((row) => row.items);
  return home.hero ? [home.hero, ...cards] : cards;
}
