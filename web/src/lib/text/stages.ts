/** The stages of a job, in a viewer's words; a stage that we do not know speaks for itself. Pure. */
import { t } from './t.ts';
import type { Message } from './messages.ts';

const NAMES: Record<string, Message> = {
  render: 'stage.render',
  store: 'stage.store',
  inspect: 'stage.inspect',
  analyse: 'stage.analyse',
  try: 'stage.try',
  sound: 'stage.sound',
};

export function stageName(stage: string): string {
  const known = NAMES[stage];
  if (known) return t(known);
  if (/^\d+p\+*$/.test(stage)) return t('stage.rung', { rung: stage });
  return stage.charAt(0).toUpperCase() + stage.slice(1).replaceAll('_', ' ');
}

const SHORT: Record<string, Message> = {
  inspect: 'stage.short.inspect',
  analyse: 'stage.short.analyse',
  try: 'stage.short.try',
  sound: 'stage.short.sound',
  pictures: 'stage.short.pictures',
};

const COSTS: Record<string, Message> = {
  analyse: 'stage.cost.analyse',
  try: 'stage.short.try',
  encode: 'stage.cost.encode',
  pictures: 'stage.short.pictures',
  check: 'stage.cost.check',
};

/** What machines were busy with, as a report tells its costs. */
export function costName(stage: string): string {
  const known = COSTS[stage];
  return known ? t(known) : stage.charAt(0).toUpperCase() + stage.slice(1).replaceAll('_', ' ');
}

/** A word for the top of a column; a rung is called by its own name. */
export function shortStageName(stage: string): string {
  const known = SHORT[stage];
  return known ? t(known) : stage.replaceAll('_', ' ');
}
