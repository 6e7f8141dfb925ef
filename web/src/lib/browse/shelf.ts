/** What a page that lists titles loads. */
import { getHome, getTitles, type Fetch, type Listing } from '../api/client.ts';
import type { Home, TitleList } from '../api/types.ts';
import { live } from '../live.ts';
import { comingTo } from './listing.ts';

export interface Shelf {
  listing: Listing;
  first: TitleList;
  /** For a shelf that is empty: what is on its way to it. */
  coming: Home | null;
}

/** A page that loads one depends on this, so that an empty shelf can be looked at again. */
export const SHELF = 'matinee:shelf';

export function loadShelf(listing: Listing, fetch: Fetch): Promise<Shelf> {
  return live(`shelf ${JSON.stringify(listing)}`, async () => {
    const first = await getTitles(listing, fetch);
    const isEmpty = first.items.length === 0 && !listing.genre;
    return { listing, first, coming: isEmpty ? comingTo(listing, await getHome(fetch)) : null };
  });
}
