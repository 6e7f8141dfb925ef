/** The stages of a job, in a viewer's words; a stage that we do not know speaks for itself. */
const NAMES: Record<string, string> = {
  inspect: 'Looking at the file',
  accept: 'Checking the file',
  analyse: 'Measuring the picture',
  complexity: 'Measuring the picture',
  ladder: 'Choosing qualities',
  split: 'Cutting into pieces',
  audio: 'Encoding the sound',
  encode: 'Encoding the picture',
  join: 'Joining the pieces',
  check: 'Checking the result',
  qc: 'Checking the result',
  package: 'Packaging',
  store: 'Storing',
  publish: 'Publishing',
  artwork: 'Making the poster',
  images: 'Making the poster',
  render: 'Making the film',
};

export function stageName(stage: string): string {
  const known = NAMES[stage];
  if (known !== undefined) return known;
  return stage.charAt(0).toUpperCase() + stage.slice(1).replaceAll('_', ' ');
}
