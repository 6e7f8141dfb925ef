import { listingOf } from '#lib/browse/listing.ts';
import { getTitles } from '#lib/api/client.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, url }) => {
  const listing = listingOf(url.searchParams, { kind: 'show', sort: 'title' });
  return { listing, first: await getTitles(listing, fetch) };
};
