import { describe, expect, it } from 'vitest';
import { nextBox, type Box } from '../../src/lib/nav/spatial.ts';
import { isTv } from '../../src/lib/nav/tv.ts';

const box = (left: number, top: number, width = 190, height = 285): Box => ({ left, top, right: left + width, bottom: top + height });

/** Two rows of four, the second one scrolled by half a card, and a wide button above. */
const row = (top: number, shift = 0) => [0, 1, 2, 3].map((n) => box(56 + shift + n * 206, top));
const grid = [...row(400), ...row(760, -100)];

describe('arrow keys', () => {
  it('walk along a row', () => {
    expect(nextBox(grid[0]!, grid.slice(1), 'right')).toBe(0);
    expect(nextBox(grid[2]!, grid.slice(0, 2), 'left')).toBe(1);
  });

  it('stop at the end of a row instead of jumping to another one far below', () => {
    const last = grid[3]!;
    const others = row(400).slice(0, 3);
    expect(nextBox(last, others, 'right')).toBe(-1);
  });

  it('go to the nearest card of the next row', () => {
    const below = row(760, -100);
    const chosen = nextBox(grid[1]!, below, 'down');
    expect([1, 2]).toContain(chosen);
  });

  it('reach a wide button above from any card', () => {
    const button = box(56, 300, 120, 52);
    expect(nextBox(grid[0]!, [button], 'up')).toBe(0);
    expect(nextBox(grid[3]!, [button], 'up')).toBe(0);
    expect(nextBox(grid[0]!, [button], 'down')).toBe(-1);
  });

  it('prefer what is straight ahead to what is nearer and aside', () => {
    const ahead = box(262, 400);
    const aside = box(250, 700);
    expect(nextBox(grid[0]!, [aside, ahead], 'right')).toBe(1);
  });

  it('come back to where they came from', () => {
    for (const from of grid.slice(0, 4)) {
      const below = grid.slice(4);
      const down = below[nextBox(from, below, 'down')]!;
      const above = grid.slice(0, 4);
      const up = above[nextBox(down, above, 'up')]!;
      expect(Math.abs(up.left - from.left)).toBeLessThanOrEqual(206);
    }
  });

  it('have nowhere to go on an empty page', () => {
    expect(nextBox(grid[0]!, [], 'right')).toBe(-1);
  });
});

describe('a television', () => {
  const desk = { agent: 'Mozilla/5.0 (X11; Linux x86_64)', asked: null, width: 1920, hasFinePointer: true };

  it('is known by its name', () => {
    expect(isTv({ ...desk, agent: 'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36' })).toBe(true);
    expect(isTv({ ...desk, agent: 'Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0)' })).toBe(true);
  });

  it('is a wide screen that nobody points at', () => {
    expect(isTv({ ...desk, hasFinePointer: false })).toBe(true);
    expect(isTv(desk)).toBe(false);
    expect(isTv({ ...desk, width: 1280, hasFinePointer: false })).toBe(false);
  });

  it('is what the address says', () => {
    expect(isTv({ ...desk, asked: '1' })).toBe(true);
    expect(isTv({ ...desk, agent: 'Tizen', asked: '0' })).toBe(false);
  });
});
