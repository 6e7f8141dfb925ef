import { describe, expect, it } from 'vitest';
import type { RenditionReport } from '../../src/lib/api/types.ts';
import { byCodec, path, points, WIDTH } from '../../src/lib/report/scores.ts';

describe('VMAF over time', () => {
  it('has a gap where nothing was scored', () => {
    const scores = [0, 1, 2, 8, 9].map((at_s) => ({ at_s, vmaf: 90 }));
    expect(points(scores, 10).map(({ isFirst }) => isFirst)).toEqual([true, false, false, true, false]);
    expect(path(scores, 10).match(/M/g)).toHaveLength(2);
    expect(points([{ at_s: 10, vmaf: 100 }], 10)).toEqual([{ x: WIDTH, y: 0, isFirst: true }]);
  });

  it('has the rungs of each codec together, in their order', () => {
    const rungs = [
      { name: '360p', codecs: 'avc1.64001e' },
      { name: '360p HEVC', codecs: 'hvc1.1.6.L63.90' },
      { name: '720p', codecs: 'avc1.64001f' },
    ] as RenditionReport[];
    const found = byCodec(rungs).map(({ codec, rungs: mine }) => [codec, mine.map(({ name }) => name)]);
    expect(found).toEqual([['H.264', ['360p', '720p']], ['HEVC', ['360p HEVC']]]);
  });
});
