/** Errors that a page does not catch: said in words, never as a stack. */
import type { HandleClientError } from '@sveltejs/kit';
import { Problem } from '#lib/api/problem.ts';
import { explain } from '#lib/text/explain.ts';

export const handleError: HandleClientError = ({ error }) => {
  if (!(error instanceof Problem)) console.error(error);
  return { message: explain(error), code: error instanceof Problem ? error.code : 'unknown' };
};
