import { getHome } from '#lib/api/client.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('matinee:home');
  return { home: await getHome(fetch) };
};
