import { getHome } from '#lib/api/client.ts';
import { live } from '#lib/live.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('matinee:home');
  return live('home', async () => ({ home: await getHome(fetch) }));
};
