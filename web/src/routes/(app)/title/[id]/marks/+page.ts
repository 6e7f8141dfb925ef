import { getMarks, getTitle } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';
import { live } from '#lib/live.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, params, depends }) => {
  depends('matinee:marks');
  return live(`marks ${params.id}`, async () => {
    const [page, marks] = await Promise.all([
      getTitle(params.id, fetch),
      getMarks(params.id, fetch).catch((error: unknown) => {
        if (error instanceof Problem && error.code === 'no_asset') return null;
        throw error;
      }),
    ]);
    return { page, marks };
  });
};
