/** The app runs in the browser alone; nobody who is not signed in gets further than the door. */
import { redirect } from '@sveltejs/kit';
import { getSession } from '#lib/api/client.ts';
import { current } from '#lib/session.svelte.ts';
import type { LayoutLoad } from './$types';

export const ssr = false;

const OPEN_PAGES = ['/login', '/setup'];

export const load: LayoutLoad = async ({ fetch, url }) => {
  const session = await getSession(fetch);
  current.take(session);
  const isOpen = OPEN_PAGES.includes(url.pathname);
  if (session.signed_in && isOpen) redirect(307, '/');
  if (session.signed_in || isOpen) return { session };
  const to = url.pathname + url.search;
  redirect(307, session.needs_setup ? '/setup' : to === '/' ? '/login' : `/login?to=${encodeURIComponent(to)}`);
};
