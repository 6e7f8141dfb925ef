import { describe, expect, it } from 'vitest';
import { clock, cpuTime, language, left, moment, rate, remaining, rung, runtime, size, thousands } from '../../src/lib/text/format.ts';

describe('clock', () => {
  it.each([
    [0, '0:00'],
    [9.99, '0:09'],
    [61, '1:01'],
    [2472, '41:12'],
    [3600, '1:00:00'],
    [3723, '1:02:03'],
    [-3, '0:00'],
    [Number.NaN, '0:00'],
    [Number.POSITIVE_INFINITY, '0:00'],
  ])('shows %s seconds as %s', (seconds, text) => {
    expect(clock(seconds)).toBe(text);
  });
});

describe('a moment', () => {
  it('has its date, so that an encode over a night can be read', () => {
    expect(moment(Date.UTC(2026, 2, 14, 12) / 1000)).toContain('2026');
  });
});

describe('what machines took', () => {
  it.each([
    [0, '0.0 s'],
    [0.26, '0.3 s'],
    [9.96, '10 s'],
    [99.4, '99 s'],
    [99.6, '2 min'],
    [3600, '60 min'],
    [5969, '99 min'],
    [5970, '1.7 h'],
    [100_000, '27.8 h'],
  ])('shows %s CPU seconds as %s', (seconds, text) => {
    expect(cpuTime(seconds)).toBe(text);
  });
});

describe('runtime', () => {
  it.each([
    [0, '0 s'],
    [32.4, '32 s'],
    [99, '99 s'],
    [100, '2 min'],
    [2640, '44 min'],
    [3599, '1 h'],
    [3600, '1 h'],
    [3660, '1 h 01 min'],
    [6720, '1 h 52 min'],
  ])('says %s seconds as %s', (seconds, text) => {
    expect(runtime(seconds)).toBe(text);
  });
});

describe('what is left', () => {
  it('is rounded up, so that a minute begun counts', () => {
    expect(remaining(2580, 1541)).toBe('18 min');
  });

  it('is never nothing before the end', () => {
    expect(left(100, 100)).toBe('1 s left');
  });

  it('counts seconds when there are few', () => {
    expect(left(40, 12.4)).toBe('28 s left');
  });
});

describe('figures', () => {
  it('separates thousands by a narrow no-break space', () => {
    expect(thousands(61800)).toBe('61\u202f800');
    expect(thousands(999)).toBe('999');
    expect(thousands(1234567)).toBe('1\u202f234\u202f567');
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [870_000_000, '870 MB'],
    [4_021_000_000, '4.0 GB'],
    [50_000_000_000, '50.0 GB'],
  ])('says %s bytes as %s', (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });

  it('says a rate in megabits', () => {
    expect(rate(18_640_000)).toBe('18.6 Mb/s');
    expect(rate(7_200_000)).toBe('7.2 Mb/s');
  });

  it('calls 2160 lines 4K', () => {
    expect(rung(2160)).toBe('4K');
    expect(rung(720)).toBe('720p');
  });
});

describe('language', () => {
  it('is named in English', () => {
    expect(language('da')).toBe('Danish');
    expect(language('pt-BR')).toBe('Brazilian Portuguese');
  });

  it.each(['', 'und', 'not a tag', 'zz'])('is empty for %j', (tag) => {
    expect(language(tag)).toBe('');
  });
});
