import { describe, expect, it } from 'vitest';
import { chapterAt, isMarked } from '../../src/lib/player/chapters.ts';

const chapters = [
  { start_s: 0, title: 'Ebb' },
  { start_s: 60, title: 'Slack' },
  { start_s: 90, title: '' },
];

describe('chapters', () => {
  it('are the one that began last', () => {
    expect([0, 59.9, 60, 89, 90, 500].map((time) => chapterAt(chapters, time))).toEqual(['Ebb', 'Ebb', 'Slack', 'Slack', '', '']);
    expect(chapterAt(chapters.slice(1), 10)).toBe('');
    expect(chapterAt([], 10)).toBe('');
  });

  it('have a mark unless they begin with the film', () => {
    expect(chapters.map(isMarked)).toEqual([false, true, true]);
  });
});
