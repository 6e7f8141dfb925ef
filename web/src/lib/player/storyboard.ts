/** Which tile of the storyboard shows a time. Pure. */
import type { Storyboard } from '../api/types.ts';

export interface Tile {
  /** Pixels from the sheet's left and top. */
  x: number;
  y: number;
}

/** A tile as the background of a box of any size: both are shares of the sheet. */
export interface TileBackground {
  size: string;
  position: string;
}

/** The tile of `time`; times beyond the last tile show the last one. */
export function tileAt(board: Storyboard, time: number): Tile {
  const last = board.columns * board.rows - 1;
  const index = Math.min(Math.max(0, Math.floor(time / board.interval_s)), last);
  return { x: (index % board.columns) * board.tile_width, y: Math.floor(index / board.columns) * board.tile_height };
}

/** The tile of `time` as CSS `background-size` and `background-position`. */
export function backgroundAt(board: Storyboard, time: number): TileBackground {
  const tile = tileAt(board, time);
  const across = percent(tile.x, (board.columns - 1) * board.tile_width);
  const down = percent(tile.y, (board.rows - 1) * board.tile_height);
  return { size: `${String(board.columns * 100)}% ${String(board.rows * 100)}%`, position: `${across} ${down}` };
}

const percent = (part: number, whole: number): string => `${String(whole > 0 ? (part / whole) * 100 : 0)}%`;
