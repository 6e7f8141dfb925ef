import { getTitle } from '#lib/api/client.ts';
import { live } from '#lib/live.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, params, depends }) => {
  depends('matinee:title');
  return live(`title ${params.id}`, async () => ({ page: await getTitle(params.id, fetch) }));
};
