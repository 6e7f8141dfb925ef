/** Who is signed in, for the bars and the redirects. */
import type { Session } from './api/types.ts';

class CurrentSession {
  name = $state('');

  take(session: Session): void {
    this.name = session.name ?? '';
  }
}

export const current = new CurrentSession();
