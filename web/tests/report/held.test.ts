import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/lib/api/types.ts';
import { heldSeconds, isAboutPictures } from '../../src/lib/report/held.ts';

type Finding = Report['findings'][number];
const finding = (rendition: string, severity: Finding['severity'], at_s: number | null): Finding => ({ check: 'any', rendition, severity, message: '', at_s });
type Rendition = Report['renditions'][number];
const rendition = (name: string, kind: Rendition['kind']): Rendition => ({
  key: name, name, kind, codecs: '', size_bytes: 0, average_bps: 0, peak_bps: 0, encode_cpu_s: 0, check_cpu_s: 0, is_held: false, is_approved: false, scores: [],
});
const report = (...findings: Finding[]): Report => ({
  title_id: 'title_1',
  source: '',
  at: 0,
  verdict: 'hold',
  reason: '',
  duration_s: 60,
  findings,
  renditions: [rendition('360p', 'video'), rendition('English', 'audio')],
  ladders: [],
  decisions: [],
  log: [],
  is_waiting: true,
  cpu_s: {},
});

describe('what is held', () => {
  it('is shown in stills where a picture is held, and not where a picture is only worth knowing', () => {
    expect(isAboutPictures(report(finding('360p', 'hold', 4)))).toBe(true);
    expect(isAboutPictures(report(finding('360p', 'warn', 4), finding('English', 'hold', 4)))).toBe(false);
  });

  it('is played at each second once', () => {
    const seconds = heldSeconds(report(finding('English', 'hold', 65.4), finding('English', 'hold', 3), finding('English', 'hold', 65.9), finding('English', 'hold', null), finding('English', 'warn', 9)));
    expect(seconds).toEqual([3, 65]);
  });
});
