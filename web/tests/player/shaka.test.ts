import { describe, expect, it } from 'vitest';
import { nextLead } from '../../src/lib/player/next.ts';
import { codecName, prefersNativeHls } from '../../src/lib/player/shaka.ts';
import { sparkline } from '../../src/lib/player/sparkline.ts';

const SAFARI = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15';
const CHROME = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const ANDROID = 'Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36';

describe('native HLS', () => {
  it("is Safari's alone", () => {
    expect([SAFARI, CHROME, FIREFOX, ANDROID].map(prefersNativeHls)).toEqual([true, false, false, false]);
  });
});

describe('a codec', () => {
  it('has the name that people know', () => {
    expect(codecName('avc1.64001f')).toBe('H.264');
    expect(codecName('hvc1.1.6.L93.B0')).toBe('HEVC');
    expect(codecName('what')).toBe('');
  });
});

describe('the next episode', () => {
  it('is offered in the last seconds, and in the last quarter of a very short film', () => {
    expect(nextLead(2580, null)).toBe(15);
    expect(nextLead(32, null)).toBe(8);
  });
});

describe('the sparkline', () => {
  it('spans its width, and its largest value is at the top', () => {
    expect(sparkline([0, 10, 5], 100, 30)).toBe('M 0.0 30.0 L 50.0 2.0 L 100.0 16.0');
  });

  it('is level for one value and for none', () => {
    expect(sparkline([4], 100, 30)).toBe('M 0.0 2.0 L 100.0 2.0');
    expect(sparkline([], 100, 30)).toBe('M 0 30 H 100');
  });
});
