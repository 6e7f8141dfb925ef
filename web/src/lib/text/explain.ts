/** Turns an error into a sentence that says what happened and what to do. */
import { Problem } from '../api/problem.ts';
import { t } from './t.ts';

/** The server's own words where it has some, else ours. */
export function explain(error: unknown): string {
  if (!(error instanceof Problem)) return t('error.generic', { code: error instanceof Error ? error.name : 'unknown' });
  if (error.status === 0) return t('error.offline');
  if (error.status >= 500 && error.message === '') return t('error.server', { status: error.status });
  if (error.message !== '') return sentence(error.message);
  if (error.status === 429) return t('error.tooMany');
  if (error.status === 403) return t('error.forbidden');
  return t('error.generic', { code: error.code });
}

/** Server messages start with a small letter and have no full stop, so that logs can carry them; people get both. */
export function sentence(message: string): string {
  const text = message.trim();
  if (text === '') return '';
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}
