/** The app runs in the browser alone; nobody who is not signed in gets further than the door. */
import { redirect } from '@sveltejs/kit';
import { getSession } from '#lib/api/client.ts';
import { destination } from '#lib/door/destination.ts';
import { current } from '#lib/session.svelte.ts';
import type { LayoutLoad } from './$types';

export const ssr = false;

/** Text waits this long for its fonts, so that it does not jump when they come. */
const FONTS_MAX_MS = 1500;

const OPEN_PAGES = ['/login', '/setup'];

export const load: LayoutLoad = async ({ fetch, url, untrack }) => {
  const [session] = await Promise.all([getSession(fetch), loadFonts()]);
  current.take(session);
  // Asked once, and again after signing in or out; not for every page.
  const { pathname, search, searchParams } = untrack(() => new URL(url));
  const isOpen = OPEN_PAGES.includes(pathname);
  if (session.signed_in && isOpen) redirect(307, destination(searchParams));
  if (session.signed_in || isOpen) return { session };
  const to = pathname + search;
  redirect(307, session.needs_setup ? '/setup' : to === '/' ? '/login' : `/login?to=${encodeURIComponent(to)}`);
};

function loadFonts(): Promise<unknown> {
  const faces = ['420 1em "Inter Variable"', '680 1em "Bricolage Grotesque Variable"'];
  const late = new Promise((resolve) => setTimeout(resolve, FONTS_MAX_MS));
  return Promise.race([late, Promise.all(faces.map((face) => document.fonts.load(face)))]);
}
