import { getReport, getTitle } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';
import { live } from '#lib/live.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, params, depends }) => {
  depends('matinee:report');
  return live(`report ${params.id}`, async () => {
    const [page, report] = await Promise.all([
      getTitle(params.id, fetch),
      getReport(params.id, fetch).catch((error: unknown) => {
        if (error instanceof Problem && error.status === 404) return null;
        throw error;
      }),
    ]);
    return { page, report };
  });
};
