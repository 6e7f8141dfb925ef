import { describe, expect, it } from 'vitest';
import { isSkippable } from '../../src/lib/player/intro.ts';
import { nextLead } from '../../src/lib/player/next.ts';

describe('an opening', () => {
  it('may be skipped while it plays, but for its last second', () => {
    const intro = { start_s: 5, end_s: 35 };
    expect([4.9, 5, 20, 33.9, 34, 35].map((time) => isSkippable(intro, time))).toEqual([false, true, true, true, false, false]);
    expect(isSkippable(null, 5)).toBe(false);
  });
});

describe('credits', () => {
  it('bring up the next episode where they begin', () => {
    expect(nextLead(2580, { start_s: 2500, end_s: 2580 })).toBe(80);
    expect(nextLead(2580, { start_s: 2572, end_s: 2579.5 })).toBe(8);
  });

  it('do not while a scene follows them', () => {
    expect(nextLead(2580, { start_s: 2400, end_s: 2500 })).toBe(15);
  });
});
