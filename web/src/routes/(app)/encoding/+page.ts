import { getEncoding, getStorage } from '#lib/api/client.ts';
import { live } from '#lib/live.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('matinee:encoding');
  return live('encoding', async () => {
    // What the store holds is no reason to show nothing of the queue: it may not be measured yet.
    const [queue, storage] = await Promise.all([getEncoding(fetch), getStorage(fetch).catch(() => null)]);
    return { queue, storage };
  });
};
