/** Errors that a page does not catch: said in words, never as a stack. */
import type { HandleClientError } from '@sveltejs/kit/hooks';
import { goto } from '$app/navigation';
import { Problem } from '#lib/api/problem.ts';
import { explain } from '#lib/text/explain.ts';

const UNAUTHENTICATED = 401;
const SERVICE_UNAVAILABLE = 503;

export const handleError: HandleClientError = ({ kind, error, event }) => {
  if (kind !== 'unknown') return;
  if (error instanceof Problem && error.status === UNAUTHENTICATED) {
    void goto(`/login?to=${encodeURIComponent(event.url.pathname + event.url.search)}`);
  }
  if (error instanceof Problem) return { status: error.status || SERVICE_UNAVAILABLE, message: explain(error) };
  console.error(error);
  return { message: explain(error) };
};
