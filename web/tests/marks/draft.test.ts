import { describe, expect, it } from 'vitest';
import { draftOf, faultOf, isSame, marksOf, moved, newSpan, secondsIn, timeOf } from '../../src/lib/marks/draft.ts';

describe('a time', () => {
  it('is read as people write it', () => {
    expect(['1:05', ' 65 ', '0:58:00.5', '12,25', '0'].map(secondsIn)).toEqual([65, 65, 3480.5, 12.25, 0]);
    expect(['', '1:2:3:4', '-5', 'nan', '5s', '1.2345'].map(secondsIn)).toEqual([null, null, null, null, null, null]);
  });

  it('is written so that it reads the same', () => {
    expect([0, 65, 65.5, 600, 3723.25, 7.04].map(timeOf)).toEqual(['0:00', '1:05', '1:05.5', '10:00', '1:02:03.25', '0:07.04']);
    for (const seconds of [0.001, 9.999, 59.9995, 3599.999, 86_399.9]) {
      expect(Math.abs((secondsIn(timeOf(seconds)) ?? -1) - seconds)).toBeLessThan(0.001);
    }
  });

  it('moves within the title', () => {
    expect([moved('0:05', -10, 60), moved('0:59.5', 1, 60), moved('0:05', 1, 60), moved('soon', 1, 60)]).toEqual(['0:00', '1:00', '0:06', 'soon']);
  });
});

describe('a mark', () => {
  const drafted = (intro: string, credits = '') => {
    const [a, b] = [intro.split('-'), credits.split('-')];
    return {
      intro: intro ? { start: a[0] ?? '', end: a[1] ?? '' } : null,
      credits: credits ? { start: b[0] ?? '', end: b[1] ?? '' } : null,
    };
  };

  it('says what is wrong with it', () => {
    expect(faultOf(drafted('0:05-x'), 'intro', 60)).toBe('unreadable');
    expect(faultOf(drafted('0:20-0:05'), 'intro', 60)).toBe('backwards');
    expect(faultOf(drafted('', '0:50-1:01'), 'credits', 60)).toBe('beyond');
    expect(faultOf(drafted('0:05-0:55', '0:50-1:00'), 'credits', 60)).toBe('overlap');
    expect(faultOf(drafted('0:05-0:55', '0:50-1:00'), 'intro', 60)).toBeNull();
    expect(faultOf(drafted(''), 'intro', 60)).toBeNull();
  });

  it('is sent when nothing is wrong, and lasts to the very end where it is typed so', () => {
    expect(marksOf(drafted('0:05-0:20', '50-60'), 60.0004)).toEqual({
      intro: { start_s: 5, end_s: 20 },
      credits: { start_s: 50, end_s: 60.0004 },
    });
    expect(marksOf(drafted('0:05-0:20', '70-80'), 60)).toBeNull();
    expect(marksOf(drafted(''), 60)).toEqual({ intro: null, credits: null });
  });

  it('comes back as it was', () => {
    const marks = { intro: { start_s: 5.5, end_s: 20 }, credits: { start_s: 1300, end_s: 1379.968 } };
    expect(marksOf(draftOf(marks), 1379.9683)).toEqual({ ...marks, credits: { start_s: 1300, end_s: 1379.9683 } });
    expect(isSame(draftOf(marks), draftOf(marks))).toBe(true);
    expect(isSame(draftOf(marks), draftOf({ ...marks, intro: null }))).toBe(false);
  });

  it('begins as most of them are, also in a very short title', () => {
    expect(newSpan('intro', 1400)).toEqual({ start: '0:00', end: '1:00' });
    expect(newSpan('credits', 1400.5)).toEqual({ start: '22:20', end: '23:20.5' });
    for (const which of ['intro', 'credits'] as const) {
      expect(faultOf({ intro: null, credits: null, [which]: newSpan(which, 12) }, which, 12)).toBeNull();
    }
  });
});
