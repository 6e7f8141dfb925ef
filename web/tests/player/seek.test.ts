import { describe, expect, it } from 'vitest';
import { bufferAhead, previewLeft, seekTarget, shareOf, timeAt } from '../../src/lib/player/seek.ts';

describe('the seek bar', () => {
  it('gives the time under the pointer', () => {
    expect(timeAt(350, 100, 500, 60)).toBe(30);
  });

  it('stays within the film beyond its ends', () => {
    expect(timeAt(0, 100, 500, 60)).toBe(0);
    expect(timeAt(9999, 100, 500, 60)).toBe(60);
  });

  it('knows nothing of a bar or a film without length', () => {
    expect(timeAt(10, 0, 0, 60)).toBe(0);
    expect(timeAt(10, 0, 100, 0)).toBe(0);
    expect(shareOf(3, 0)).toBe(0);
  });

  it('gives back the share that it was given', () => {
    for (const time of [0, 1, 17.5, 59, 60]) expect(timeAt(shareOf(time, 60) * 500, 0, 500, 60)).toBeCloseTo(time);
  });

  it('keeps the preview on the bar', () => {
    expect(previewLeft(10, 200, 1000)).toBe(0);
    expect(previewLeft(500, 200, 1000)).toBe(400);
    expect(previewLeft(990, 200, 1000)).toBe(800);
    expect(previewLeft(50, 200, 100)).toBe(0);
  });
});

describe('seeking', () => {
  it('never goes to the very end, nor before the start', () => {
    expect(seekTarget(500, 60)).toBeLessThan(60);
    expect(seekTarget(-4, 60)).toBe(0);
    expect(seekTarget(5, 0)).toBe(0);
  });
});

describe('the buffer', () => {
  const ranges = [
    { start: 0, end: 10 },
    { start: 20, end: 44 },
  ];

  it('reaches to the end of the range around the position', () => {
    expect(bufferAhead(ranges, 24)).toBe(20);
  });

  it('is empty in a gap', () => {
    expect(bufferAhead(ranges, 15)).toBe(0);
    expect(bufferAhead([], 0)).toBe(0);
  });

  it('counts a range that starts a hair later', () => {
    expect(bufferAhead(ranges, 19.95)).toBeCloseTo(24.05);
  });
});
