import { describe, expect, it } from 'vitest';
import type { BusyWorker, QueuedTitle } from '../../src/lib/api/types.ts';
import { hostsOf, isFirst, laterPriority, priorityName, shown, showOf } from '../../src/lib/encoding/queue.ts';

function title(job_id: string, priority: number, state: QueuedTitle['state'] = 'queued'): QueuedTitle {
  return {
    job_id, priority, state, title_id: '', title: job_id, still: null, stage: '', stages: [], progress: 0, eta_s: null,
    left_s: null, is_held: false,
    attempt: 0, reason: '', remedy: '', created: 0, updated: 0,
  };
}

function worker(host: string, stage = ''): BusyWorker {
  return { name: 'w', host, cores: 1, memory_bytes: 0, encoders: [], is_leaving: false, title_id: '', title: '', stage, since_s: 0 };
}

describe('the queue', () => {
  it('shows what the address names, and everything where it names nothing known', () => {
    const titles = [title('a', 0, 'running'), title('b', 0), title('c', 0, 'paused')];
    expect(shown(titles, showOf('paused')).map(({ job_id }) => job_id)).toEqual(['c']);
    expect(shown(titles, showOf('nonsense'))).toHaveLength(3);
    expect(shown(titles, showOf(null))).toHaveLength(3);
  });

  it('moves a title behind the next one, and not at all where it is the last', () => {
    const titles = [title('a', 10), title('b', 3), title('c', 0)];
    expect(laterPriority(titles, 'a')).toBe(2);
    expect(laterPriority(titles, 'c')).toBeNull();
    expect(laterPriority([title('a', 0), title('b', 0)], 'a')).toBe(-1);
    expect(laterPriority(titles, 'unknown')).toBeNull();
  });

  it('knows what nothing goes before', () => {
    const titles = [title('a', 10), title('b', 3), title('c', 3)];
    expect(titles.map((one) => isFirst(titles, one))).toEqual([true, false, false]);
    expect(isFirst([titles[1]!], titles[1]!)).toBe(true);
  });

  it('calls a priority by what it means', () => {
    expect([10, 0, -1, 7].map(priorityName)).toEqual(['release', 'catalogue', 'demo', 'other']);
  });

  it('groups workers by machine, the busiest first', () => {
    const hosts = hostsOf([worker('a'), worker('b', '360p'), worker('b'), worker('a')]);
    expect(hosts.map(({ name, cores, busy }) => [name, cores, busy])).toEqual([['b', 2, 1], ['a', 2, 0]]);
  });
});
