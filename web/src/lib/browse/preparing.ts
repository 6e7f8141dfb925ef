/** Titles on their way: those that become ready while you watch stay in their place and turn into posters. */
import type { Card, Home, Preparing } from '../api/types.ts';

export type Place = { id: string; preparing: Preparing; card: null } | { id: string; preparing: null; card: Card };

/** All that can be played, by id. */
function cardsOf(home: Home): Map<string, Card> {
  const cards = home.rows.flatMap((row) => row.items);
  return new Map([...(home.hero ? [home.hero, ...cards] : cards)].map((card) => [card.id, card]));
}

/**
 * The places of `before` as they are in `home`, then the ones that are new. A title that left `preparing` and is
 * among the cards has become ready; one that is in neither was removed and loses its place.
 */
export function nextPlaces(before: readonly Place[], home: Home): Place[] {
  const preparing = new Map(home.preparing.map((item) => [item.title_id, item]));
  const cards = cardsOf(home);
  const known = new Set(before.map((place) => place.id));
  const ids = [...before.map((place) => place.id), ...home.preparing.map((item) => item.title_id).filter((id) => !known.has(id))];
  return ids.flatMap((id): Place[] => {
    const item = preparing.get(id);
    if (item && item.state !== 'done') return [{ id, preparing: item, card: null }];
    const card = cards.get(id);
    return card ? [{ id, preparing: null, card }] : [];
  });
}
