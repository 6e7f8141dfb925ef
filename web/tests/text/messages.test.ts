import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { en } from '../../src/lib/text/messages.ts';
import { costName, stageName } from '../../src/lib/text/stages.ts';
import { t, tn } from '../../src/lib/text/t.ts';

const root = join(import.meta.dirname, '../../src');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(svelte|ts)$/.test(path) && !path.endsWith('messages.ts') && !path.endsWith('schema.ts'))
  .map((path) => readFileSync(join(root, path), 'utf8'))
  .join('\n');

/** What keys begin with that are put together: `report.verdict.` of t(`report.verdict.${verdict}`). */
const stems = [...sources.matchAll(/t\(`([\w.]+\.)\$\{/g)].map(([, stem]) => stem ?? '').filter((stem) => stem.split('.').length > 2);

describe('messages', () => {
  it('are all used', () => {
    const unused = Object.keys(en).filter((key) => {
      const stem = key.replace(/\.(one|other)$/, '');
      return !sources.includes(`'${key}'`) && !sources.includes(`'${stem}'`) && !key.startsWith('job.') && !stems.some((one) => key.startsWith(one));
    });
    expect(unused).toEqual([]);
  });

  it('come in both forms where they count', () => {
    const singular = Object.keys(en).filter((key) => key.endsWith('.other')).map((key) => key.replace(/other$/, 'one'));
    expect(singular.filter((key) => !(key in en))).toEqual([]);
  });

  it('take their values', () => {
    expect(t('time.episode', { season: 2, episode: 3 })).toBe('S2 E3');
    expect(t('time.episode', { season: 2 })).toBe('S2 E{episode}');
  });

  it('agree with their number', () => {
    expect(tn('time.seasons', 1)).toBe('1 season');
    expect(tn('time.seasons', 0)).toBe('0 seasons');
  });
});

describe('the name of a stage', () => {
  it('is in words, and its own where we have none', () => {
    expect(stageName('inspect')).toBe('Looking at the file');
    expect(stageName('720p')).toBe('Encoding 720p');
    expect(stageName('audio_check')).toBe('Audio check');
    expect(['analyse', 'check', 'mark_show'].map(costName)).toEqual(['Looking at the film', 'Checking', 'Mark show']);
  });
});
