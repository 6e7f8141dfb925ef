/** VMAF over time as the path of a picture; what was not scored is a gap and not a line. Pure. */
import type { RenditionReport, Score } from '#lib/api/types.ts';
import { codecName } from '#lib/player/shaka.ts';

export const WIDTH = 960;
export const HEIGHT = 240;
/** Seconds between scores that belong together. */
const GAP_S = 2;

export interface Point {
  x: number;
  y: number;
  isFirst: boolean;
}

export const x = (atS: number, durationS: number) => (durationS > 0 ? (atS / durationS) * WIDTH : 0);
export const y = (vmaf: number) => HEIGHT - (Math.min(100, Math.max(0, vmaf)) / 100) * HEIGHT;

export function points(scores: readonly Score[], durationS: number): Point[] {
  return scores.map((score, n) => {
    const before = scores[n - 1];
    return {
      x: x(score.at_s, durationS),
      y: y(score.vmaf),
      isFirst: before === undefined || score.at_s - before.at_s > GAP_S,
    };
  });
}

export function path(scores: readonly Score[], durationS: number): string {
  return points(scores, durationS)
    .map((point) => `${point.isFirst ? 'M' : 'L'}${point.x.toFixed(1)} ${point.y.toFixed(1)}`)
    .join('');
}

/** The rungs of each codec, in the order in which they come. */
export function byCodec(rungs: readonly RenditionReport[]): { codec: string; rungs: RenditionReport[] }[] {
  const names = [...new Set(rungs.map((one) => codecName(one.codecs)))];
  return names.map((codec) => ({ codec, rungs: rungs.filter((one) => codecName(one.codecs) === codec) }));
}
