import { describe, expect, it } from 'vitest';
import { Problem } from '../src/lib/api/problem.ts';
import { live } from '../src/lib/live.ts';

const answers = (n: number) => () => Promise.resolve({ n });
const fails = (problem: Problem) => () => Promise.reject<{ n: number }>(problem);

describe('a page that is loaded again and again', () => {
  it('shows what came last while the server is away, and what it says as soon as it is back', async () => {
    expect(await live('a', answers(1))).toEqual({ n: 1, heardAt: null });
    for (const problem of [Problem.offline(), new Problem(503, 'unavailable', ''), new Problem(429, 'too_many', '')]) {
      const shown = await live('a', fails(problem));
      expect(shown.n).toBe(1);
      expect(shown.heardAt).toBeTypeOf('number');
    }
    expect(await live('a', answers(2))).toEqual({ n: 2, heardAt: null });
  });

  it('says what is wrong where nothing came before', async () => {
    await expect(live('never', fails(Problem.offline()))).rejects.toThrow(Problem);
  });

  it('does not show what is gone, or what one may not see any more', async () => {
    for (const status of [401, 403, 404]) {
      await live('b', answers(1));
      await expect(live('b', fails(new Problem(status, '', '')))).rejects.toThrow(Problem);
      await expect(live('b', fails(Problem.offline()))).rejects.toThrow(Problem);
    }
  });

  it('remembers a few pages only', async () => {
    for (let n = 0; n < 9; n++) await live(`page ${String(n)}`, answers(n));
    await expect(live('page 0', fails(Problem.offline()))).rejects.toThrow(Problem);
    expect((await live('page 8', fails(Problem.offline()))).n).toBe(8);
  });
});
