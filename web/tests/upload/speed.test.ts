import { describe, expect, it } from 'vitest';
import { isPassing, uploadProblem } from '../../src/lib/upload/failure.ts';
import { measured, secondsLeft, STANDSTILL } from '../../src/lib/upload/speed.ts';

describe('the speed of an upload', () => {
  it('is unknown at first', () => {
    const first = measured(STANDSTILL, 0, 1000);
    expect(first.bytesPerS).toBe(0);
    expect(secondsLeft(first, 0, 100)).toBeNull();
  });

  it('settles on a steady line', () => {
    let speed = STANDSTILL;
    for (let second = 1; second <= 60; second += 1) speed = measured(speed, second * 5_000_000, second * 1000);
    expect(speed.bytesPerS).toBeCloseTo(5_000_000, -3);
    expect(secondsLeft(speed, 300_000_000, 400_000_000)).toBeCloseTo(20, 1);
  });

  it('forgets a fast start', () => {
    let speed = measured(measured(STANDSTILL, 0, 1), 50_000_000, 1001);
    for (let second = 2; second <= 40; second += 1) speed = measured(speed, 50_000_000 + second * 1_000_000, second * 1000 + 1);
    expect(speed.bytesPerS).toBeLessThan(1_100_000);
  });

  it('starts over when the server has less than we thought', () => {
    const speed = measured(measured(measured(STANDSTILL, 0, 1), 1000, 1001), 500, 2001);
    expect(speed).toEqual({ bytesPerS: 0, atMs: 2001, sent: 500 });
  });
});

describe('an upload that fails', () => {
  it("says the server's reason", () => {
    expect(uploadProblem(413, '{"detail": "this file is 900 GB and the limit is 500 GB"}')).toBe(
      'This file is 900 GB and the limit is 500 GB.',
    );
  });

  it('has words of ours for a server that says nothing', () => {
    expect(uploadProblem(413, '')).toContain('larger');
    expect(uploadProblem(507, '')).toContain('full');
    expect(uploadProblem(410, '')).toContain('expired');
    expect(uploadProblem(415, '')).toContain('refused');
    expect(uploadProblem(0, '')).toContain('does not answer');
    expect(uploadProblem(502, '')).toContain('502');
  });

  it('is tried again only where that can help', () => {
    expect([0, 409, 423, 429, 500, 503].map(isPassing)).toEqual([true, true, true, true, true, true]);
    expect([400, 401, 403, 404, 410, 413, 415, 507].some(isPassing)).toBe(false);
  });
});
