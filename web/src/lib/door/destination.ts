/** Where to go after signing in. Pure. */

/** The address in `?to=`, if it is one of ours: a link must not lead elsewhere. */
export function destination(query: Pick<URLSearchParams, 'get'>): string {
  const wanted = query.get('to') ?? '/';
  return /^\/(?![/\\])/.test(wanted) ? wanted : '/';
}
