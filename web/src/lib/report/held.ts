/** What a person looks at of what is held: pictures side by side, or seconds of the film to listen to. Pure. */
import type { Report } from '../api/types.ts';

/** Whether any picture is held: only then do the stills of the worst moment show why. */
export function isAboutPictures(report: Report): boolean {
  const pictures = new Set(report.renditions.filter(({ kind }) => kind === 'video').map(({ name }) => name));
  return report.findings.some((one) => one.severity === 'hold' && pictures.has(one.rendition));
}

/** The whole seconds at which something is held, each once, in their order. */
export function heldSeconds(report: Report): number[] {
  const held = report.findings.filter((one) => one.severity === 'hold');
  const seconds = held.flatMap((one) => (typeof one.at_s === 'number' ? [Math.floor(one.at_s)] : []));
  return [...new Set(seconds)].sort((a, b) => a - b);
}
