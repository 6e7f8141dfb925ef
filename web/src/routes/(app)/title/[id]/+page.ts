import { getTitle } from '#lib/api/client.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, params, depends }) => {
  depends('matinee:title');
  return { page: await getTitle(params.id, fetch) };
};
