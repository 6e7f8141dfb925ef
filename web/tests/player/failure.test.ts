import { describe, expect, it } from 'vitest';
import { Problem } from '../../src/lib/api/problem.ts';
import { describe as tell, kindOf } from '../../src/lib/player/failure.ts';

const http = (status: number) => ({ category: 1, code: 1001, data: ['https://edge/x.mp4', status] });

describe('what stopped the film', () => {
  it.each([
    [http(403), 'expired'],
    [http(401), 'expired'],
    [http(404), 'gone'],
    [http(503), 'network'],
    [{ category: 1, code: 1002, data: [] }, 'network'],
    [{ category: 1, code: 1003, data: [] }, 'network'],
    [{ category: 3, code: 3016, data: [3] }, 'media'],
    [{ category: 3, code: 3016, data: [4] }, 'unsupported'],
    [{ category: 4, code: 4032, data: [] }, 'unsupported'],
    [{ category: 4, code: 4015, data: [] }, 'gone'],
    [{ category: 3, code: 3015, data: [] }, 'media'],
  ])('%j is %s', (error, kind) => {
    expect(kindOf(error)).toBe(kind);
  });

  it('is told with what to do about it', () => {
    const failure = tell(http(503));
    expect(failure.what).not.toBe('');
    expect(failure.remedy).toContain('try again');
    expect(failure.canRetry).toBe(true);
    expect(failure.code).toBe('1001');
  });

  it('offers no retry where it cannot help', () => {
    expect(tell({ category: 4, code: 4032, data: [] }).canRetry).toBe(false);
    expect(tell(new Problem(404, 'not_found', 'there is no such title')).canRetry).toBe(false);
  });

  it("repeats the server's words when it refuses", () => {
    const failure = tell(new Problem(409, 'not_ready', 'the first quality is ready in 2 min'));
    expect(failure.what).toBe('The first quality is ready in 2 min.');
    expect(failure.canRetry).toBe(true);
  });
});
