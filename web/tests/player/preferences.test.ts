import { describe, expect, it } from 'vitest';
import { parsePreferences } from '../../src/lib/player/preferences.ts';

const defaults = { volume: 1, isMuted: false, speed: 1, subtitles: '', audio: '' };

describe('preferences', () => {
  it('come back as they were kept', () => {
    const kept = { volume: 0.4, isMuted: true, speed: 1.5, subtitles: 'da', audio: 'en' };
    expect(parsePreferences(JSON.stringify(kept))).toEqual(kept);
  });

  it.each([null, '', '{', '[]', '"x"', 'null', '{"volume": 7, "speed": 3, "subtitles": 4}'])('are the defaults for %j', (text) => {
    expect(parsePreferences(text)).toEqual(defaults);
  });
});
