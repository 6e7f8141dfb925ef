import { describe, expect, it } from 'vitest';
import { backgroundAt, tileAt } from '../../src/lib/player/storyboard.ts';

const board = { url: '/images/b.webp', columns: 10, rows: 4, tile_width: 240, tile_height: 135, interval_s: 2 };

describe('the storyboard', () => {
  it('goes along the rows', () => {
    expect(tileAt(board, 0)).toEqual({ x: 0, y: 0 });
    expect(tileAt(board, 3.9)).toEqual({ x: 240, y: 0 });
    expect(tileAt(board, 20)).toEqual({ x: 0, y: 135 });
  });

  it('stays on its last tile beyond it', () => {
    expect(tileAt(board, 1e6)).toEqual({ x: 2160, y: 405 });
    expect(tileAt(board, -1)).toEqual({ x: 0, y: 0 });
  });

  it('fills a box of any size with one tile', () => {
    expect(backgroundAt(board, 38)).toEqual({ size: '1000% 400%', position: '100% 33.33333333333333%' });
    expect(backgroundAt({ ...board, columns: 1, rows: 1 }, 38)).toEqual({ size: '100% 100%', position: '0% 0%' });
  });
});
