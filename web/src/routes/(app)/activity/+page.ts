import { getJobs } from '#lib/api/client.ts';
import { live } from '#lib/live.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('matinee:jobs');
  return live('jobs', async () => ({ jobs: await getJobs(fetch) }));
};
