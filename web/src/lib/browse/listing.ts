/** A list of titles as its address says it. Pure. */
import type { Listing } from '../api/client.ts';
import type { Card, Home } from '../api/types.ts';

/** The listing of a page whose address may choose a genre and an order. */
export function listingOf(query: Pick<URLSearchParams, 'get'>, page: Listing): Listing {
  const sort = query.get('sort');
  const genre = query.get('genre');
  return { ...page, ...(genre ? { genre } : {}), ...(sort === 'new' || sort === 'title' ? { sort } : {}) };
}

/** `home` with only those films or episodes on their way that will stand on this shelf. */
export function comingTo(listing: Listing, home: Home): Home {
  const kinds = { film: ['film'], show: ['show', 'episode'], episode: ['episode'] };
  const preparing = home.preparing.filter(({ kind }) => !listing.kind || kinds[listing.kind].includes(kind));
  return { ...home, preparing, coming: preparing.length };
}

/** Every genre of `cards`, the most frequent first. */
export function genresOf(cards: readonly Card[]): string[] {
  const counts = new Map<string, number>();
  for (const genre of cards.flatMap((card) => card.genres)) counts.set(genre, (counts.get(genre) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).map(([genre]) => genre);
}
