/** The chart of what the store holds: a row a rung with a part a codec, and what lies beside, all on one scale. Pure. */
import type { Storage, StorageShare } from '../api/types.ts';

export interface Part {
  codec: string;
  size_bytes: number;
  renditions: number;
}

export interface RungRow {
  /** A rung's name, or `sound`, `subtitles`. */
  name: string;
  parts: Part[];
  size_bytes: number;
}

export const BESIDE = ['masters', 'intermediates', 'unpublished', 'superseded', 'pictures', 'other'] as const;
export type Beside = (typeof BESIDE)[number];

/** Rungs from the highest down, then sound and subtitles; the parts of each are in the order of `codecsOf`. */
export function rungRows(shares: readonly StorageShare[]): RungRow[] {
  const rows = new Map<string, RungRow>();
  for (const share of shares) {
    const name = { video: share.rung, audio: 'sound', subtitles: 'subtitles' }[share.track];
    const row = rows.get(name) ?? { name, parts: [], size_bytes: 0 };
    row.parts.push({ codec: share.codec, size_bytes: share.size_bytes, renditions: share.renditions });
    row.size_bytes += share.size_bytes;
    rows.set(name, row);
  }
  const order = codecsOf(shares);
  for (const row of rows.values()) row.parts.sort((a, b) => order.indexOf(a.codec) - order.indexOf(b.codec));
  return [...rows.values()].sort((a, b) => rank(b.name) - rank(a.name) || a.name.localeCompare(b.name));
}

/** The codecs of pictures, the one that takes most first. */
export function codecsOf(shares: readonly StorageShare[]): string[] {
  const sums = new Map<string, number>();
  for (const share of shares.filter(({ track }) => track === 'video'))
    sums.set(share.codec, (sums.get(share.codec) ?? 0) + share.size_bytes);
  return [...sums].sort((a, b) => b[1] - a[1]).map(([codec]) => codec);
}

export function besideRows(storage: Storage): { name: Beside; size_bytes: number }[] {
  const sizes: Record<Beside, number> = {
    masters: storage.masters_bytes,
    intermediates: storage.intermediates_bytes,
    unpublished: storage.unpublished_bytes,
    superseded: storage.superseded_bytes,
    pictures: storage.pictures_bytes,
    other: storage.other_bytes,
  };
  return BESIDE.map((name) => ({ name, size_bytes: sizes[name] })).filter((row) => row.size_bytes > 0);
}

/** The largest of all rows: bars of masters and of rungs can be compared. */
export function scaleOf(storage: Storage): number {
  return Math.max(1, ...rungRows(storage.shares).map((row) => row.size_bytes), ...besideRows(storage).map((row) => row.size_bytes));
}

export function renditionBytes(storage: Storage): number {
  return storage.shares.reduce((sum, share) => sum + share.size_bytes, 0);
}

function rank(name: string): number {
  const height = Number.parseInt(name, 10);
  if (!Number.isNaN(height)) return height;
  return name === 'sound' ? -1 : -2;
}
