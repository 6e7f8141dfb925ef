import { getEncoding, getStorage } from '#lib/api/client.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('matinee:encoding');
  const [queue, storage] = await Promise.all([getEncoding(fetch), getStorage(fetch)]);
  return { queue, storage };
};
