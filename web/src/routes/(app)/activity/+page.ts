import { getJobs } from '#lib/api/client.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('matinee:jobs');
  return { jobs: await getJobs(fetch) };
};
