import { describe, expect, it } from 'vitest';
import { audioChoices, textChoices, type AudioTrack, type Track } from '../../src/lib/player/tracks.ts';

const audio = (language: string, label: string, more: Partial<AudioTrack> = {}): AudioTrack => ({
  active: false,
  language,
  label,
  roles: [],
  channelsCount: 2,
  ...more,
});
const text = (language: string, label: string, roles: string[] = []): Track => ({ active: false, language, label, roles });

describe('the menu of sound tracks', () => {
  it('has each track once, although it is there in stereo and in surround', () => {
    const tracks = [audio('en', 'English'), audio('en', 'English', { channelsCount: 6 }), audio('de', 'German')];
    expect(audioChoices(tracks).map((choice) => [choice.label, choice.track.channelsCount])).toEqual([
      ['English', 2],
      ['German', 2],
    ]);
  });

  it('keeps surround when another language is chosen', () => {
    const tracks = [
      audio('en', 'English'),
      audio('en', 'English', { channelsCount: 6, active: true }),
      audio('de', 'German'),
      audio('de', 'German', { channelsCount: 6 }),
    ];
    const choices = audioChoices(tracks);
    expect(choices.map((choice) => [choice.isActive, choice.track.channelsCount])).toEqual([
      [true, 6],
      [false, 6],
    ]);
  });

  it('says which one is described, and calls two of a language what the film calls them', () => {
    const tracks = [
      audio('en', 'English'),
      audio('en', 'English (audio description)', { roles: ['public.accessibility.describes-video'] }),
      audio('en', 'English (commentary): Director'),
      audio('', 'Score'),
    ];
    expect(audioChoices(tracks).map((choice) => choice.label)).toEqual([
      'English',
      'English (audio description)',
      'English (commentary): Director',
      'Score',
    ]);
  });
});

describe('the menu of subtitles', () => {
  it('says which are for the hard of hearing', () => {
    const tracks = [text('en', 'English'), text('en', 'English (SDH)', ['public.accessibility.describes-music-and-sound'])];
    expect(textChoices(tracks).map((choice) => choice.label)).toEqual(['English', 'English (for the hard of hearing)']);
  });
});
