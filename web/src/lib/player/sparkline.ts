/** A small line of recent values, as an SVG path. Pure. */

/** From 0 at the bottom to the largest value at the top; one value is a level line. */
export function sparkline(values: readonly number[], width: number, height: number): string {
  const points = values.length === 1 ? [values[0] ?? 0, values[0] ?? 0] : [...values];
  if (points.length === 0) return `M 0 ${String(height)} H ${String(width)}`;
  const most = Math.max(...points, 1);
  const step = width / (points.length - 1);
  return points
    .map((value, index) => `${index === 0 ? 'M' : 'L'} ${(index * step).toFixed(1)} ${(height - (value / most) * (height - 2)).toFixed(1)}`)
    .join(' ');
}
