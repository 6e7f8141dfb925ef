/** Which tile of the storyboard shows a time. Pure. */
import type { Storyboard } from '../api/types.ts';

export interface Tile {
  /** Pixels from the sheet's left and top. */
  x: number;
  y: number;
}

/** The tile of `time`; times beyond the last tile show the last one. */
export function tileAt(board: Storyboard, time: number): Tile {
  const last = board.columns * board.rows - 1;
  const index = Math.min(Math.max(0, Math.floor(time / board.interval_s)), last);
  return { x: (index % board.columns) * board.tile_width, y: Math.floor(index / board.columns) * board.tile_height };
}
