/** The first-run link. Its token is in the fragment, which browsers never send, so that no log has it. */

export const PASSWORD_MIN = 8;

/** The token in `#token=...`, or ''. */
export function tokenOf(fragment: string): string {
  return new URLSearchParams(fragment.replace(/^#/, '')).get('token') ?? '';
}
