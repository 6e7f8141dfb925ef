/** Jobs in the order in which they matter to a person. Pure. */
import type { Job } from '../api/types.ts';

export interface Groups {
  attention: Job[];
  now: Job[];
  finished: Job[];
}

/** What can be put away at once: not what waits for a decision. */
export const clearable = (jobs: readonly Job[]) => jobs.filter((job) => !job.is_held);

/** Failed ones first; then what runs, what waits, what is paused, oldest first; then what is over, newest first. */
export function groupsOf(jobs: readonly Job[]): Groups {
  const oldestFirst = (a: Job, b: Job) => a.created - b.created;
  const newestFirst = (a: Job, b: Job) => b.updated - a.updated;
  const of = (state: Job['state']) => jobs.filter((job) => job.state === state);
  return {
    attention: of('failed').sort(newestFirst),
    now: [...of('running').sort(oldestFirst), ...of('queued').sort(oldestFirst), ...of('paused').sort(oldestFirst)],
    finished: [...of('done'), ...of('cancelled')].sort(newestFirst),
  };
}
