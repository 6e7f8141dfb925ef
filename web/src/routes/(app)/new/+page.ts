import { listingOf } from '#lib/browse/listing.ts';
import { loadShelf, SHELF } from '#lib/browse/shelf.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = ({ fetch, url, depends }) => {
  depends(SHELF);
  return loadShelf(listingOf(url.searchParams, { sort: 'new' }), fetch);
};
