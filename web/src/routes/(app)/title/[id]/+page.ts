import { getTitle } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';
import { error } from '@sveltejs/kit';
import { explain } from '#lib/text/explain.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, params, depends }) => {
  depends('matinee:title');
  try {
    return { page: await getTitle(params.id, fetch) };
  } catch (problem) {
    if (problem instanceof Problem && problem.status >= 400) error(problem.status, explain(problem));
    throw problem;
  }
};
