import { describe, expect, it } from 'vitest';
import type { Storage, StorageShare } from '../../src/lib/api/types.ts';
import { besideRows, codecsOf, renditionBytes, rungRows, scaleOf } from '../../src/lib/encoding/storage.ts';

function share(track: StorageShare['track'], codec: string, rung: string, size_bytes: number): StorageShare {
  return { track, codec, rung, renditions: 1, size_bytes };
}

const storage: Storage = {
  at: 0,
  titles: 1,
  shares: [
    share('video', 'HEVC', '1080p', 400),
    share('video', 'H.264', '1080p', 500),
    share('video', 'H.264', '360p', 100),
    share('audio', 'AAC', '', 60),
    share('audio', 'E-AC-3', '', 40),
    share('subtitles', 'WebVTT', '', 1),
  ],
  superseded_bytes: 0,
  unpublished_bytes: 0,
  masters: 1,
  masters_bytes: 5000,
  intermediates_bytes: 70,
  pictures_bytes: 0,
  other_bytes: 0,
};

describe('the storage chart', () => {
  it('has a row a rung from the highest down, with sound and subtitles last', () => {
    expect(rungRows(storage.shares).map(({ name, size_bytes }) => [name, size_bytes])).toEqual([
      ['1080p', 900],
      ['360p', 100],
      ['sound', 100],
      ['subtitles', 1],
    ]);
  });

  it('has its parts in the same order on every row', () => {
    expect(codecsOf(storage.shares)).toEqual(['H.264', 'HEVC']);
    expect(rungRows(storage.shares)[0]?.parts.map(({ codec }) => codec)).toEqual(['H.264', 'HEVC']);
  });

  it('has what lies beside apart, and one scale for all of it', () => {
    expect(besideRows(storage).map(({ name }) => name)).toEqual(['masters', 'intermediates']);
    expect(scaleOf(storage)).toBe(5000);
    expect(renditionBytes(storage)).toBe(1101);
  });
});
