import { describe, expect, it } from 'vitest';
import { clearable, groupsOf } from '../../src/lib/activity/groups.ts';
import type { Job } from '../../src/lib/api/types.ts';

const job = (id: string, state: Job['state'], created: number, updated = created): Job => ({
  id,
  kind: 'ingest',
  title_id: '',
  title: id,
  state,
  priority: 0,
  stage: '',
  stages: [],
  progress: 0,
  attempt: 1,
  is_held: false,
  reason: '',
  remedy: '',
  created,
  updated,
});
const ids = (jobs: Job[]) => jobs.map(({ id }) => id);

describe('jobs', () => {
  it('come in the order in which they matter', () => {
    const groups = groupsOf([
      job('waits', 'queued', 1),
      job('done', 'done', 1, 5),
      job('runs later', 'running', 3),
      job('runs', 'running', 2),
      job('failed', 'failed', 1),
      job('done last', 'done', 0, 9),
      job('given up', 'cancelled', 0, 1),
    ]);
    expect(ids(groups.attention)).toEqual(['failed']);
    expect(ids(groups.now)).toEqual(['runs', 'runs later', 'waits']);
    expect(ids(groups.finished)).toEqual(['done last', 'done', 'given up']);
  });

  it('are put away at once, but for those that wait for a decision', () => {
    expect(ids(clearable([job('failed', 'failed', 1), { ...job('held', 'failed', 2), is_held: true }]))).toEqual(['failed']);
  });
});
