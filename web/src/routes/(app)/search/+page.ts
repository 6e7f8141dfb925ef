import { listingOf } from '#lib/browse/listing.ts';
import { loadShelf, SHELF } from '#lib/browse/shelf.ts';
import type { PageLoad } from './$types';

/** What there is to look through before anything is typed; not asked again for what is. */
export const load: PageLoad = ({ fetch, url, depends }) => {
  depends(SHELF);
  return loadShelf(listingOf(url.searchParams, { sort: 'title' }), fetch);
};
