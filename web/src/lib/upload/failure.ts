/** What went wrong with an upload, in words. Pure. */
import { Problem } from '../api/problem.ts';
import { explain, sentence } from '../text/explain.ts';
import { t } from '../text/t.ts';
import type { Message } from '../text/messages.ts';

const BY_STATUS: Record<number, Message> = {
  401: 'uploadError.signedOut',
  404: 'uploadError.gone',
  410: 'uploadError.gone',
  413: 'uploadError.tooLarge',
  507: 'uploadError.full',
};

/** `status` and `body` of the answer; status 0 is no answer at all. */
export function uploadProblem(status: number, body: string): string {
  if (status === 0) return t('error.offline');
  const problem = Problem.fromResponse(status, body);
  const known = BY_STATUS[status];
  const own = problem.message === '' ? '' : sentence(problem.message);
  if (known) return own === '' ? t(known) : own;
  return own === '' && status < 500 ? t('uploadError.refused') : explain(problem);
}

/** Whether the same request may succeed later without anybody doing anything. */
export function isPassing(status: number): boolean {
  return status === 0 || status === 409 || status === 423 || status === 429 || (status >= 500 && status !== 507);
}
