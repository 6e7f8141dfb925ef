/** Which tracks a menu offers, and what it calls them. Pure but for the words. */
import { language } from '../text/format.ts';
import { t } from '../text/t.ts';

/** What Shaka says of an audio or a text track, as far as a menu reads it. */
export interface Track {
  active: boolean;
  language: string;
  label: string | null;
  roles: string[];
  accessibilityPurpose?: string | null;
}

export interface AudioTrack extends Track {
  channelsCount: number | null;
}

export interface Choice<Kind> {
  label: string;
  language: string;
  isActive: boolean;
  track: Kind;
}

/** Each sound track once, although it may be there in stereo and in surround: in as many channels as are heard now. */
export function audioChoices<Kind extends AudioTrack>(tracks: readonly Kind[]): Choice<Kind>[] {
  const heard = tracks.find((track) => track.active)?.channelsCount ?? 2;
  const byTrack = new Map<string, Kind>();
  for (const track of tracks) {
    const key = [track.language, track.label, ...track.roles].join('\n');
    const known = byTrack.get(key);
    if (!known || distance(track, heard) < distance(known, heard)) byTrack.set(key, track);
  }
  return named([...byTrack.values()], (name, track) => (isDescription(track) ? t('player.described', { label: name }) : name));
}

export function textChoices<Kind extends Track>(tracks: readonly Kind[]): Choice<Kind>[] {
  return named(tracks, (name, track) => (isForHardOfHearing(track) ? t('player.sdh', { label: name }) : name));
}

/** The active form of a track first, then the one with the nearest number of channels. */
function distance(track: AudioTrack, channels: number): number {
  return track.active ? -1 : Math.abs((track.channelsCount ?? 2) - channels);
}

/** Tracks under their language; where two are alike, under what the film itself calls them. */
function named<Kind extends Track>(tracks: readonly Kind[], noted: (name: string, track: Kind) => string): Choice<Kind>[] {
  const plain = tracks.map((track, index) => noted(nameOf(track, index), track));
  return tracks.map((track, index) => {
    const name = plain[index] ?? '';
    const isAlone = plain.filter((other) => other === name).length === 1;
    const own = track.label ?? '';
    return { label: isAlone || own === '' ? name : own, language: track.language, isActive: track.active, track };
  });
}

function nameOf(track: Track, index: number): string {
  const number = index > 0 ? ` ${String(index + 1)}` : '';
  return language(track.language) || (track.label ?? `${t('player.unknownLanguage')}${number}`);
}

export function isForHardOfHearing(track: Track): boolean {
  return track.roles.some((role) => /describes-(spoken-dialog|music-and-sound)|caption/.test(role));
}

/** Whether a voice tells what is to be seen. */
export function isDescription(track: Track): boolean {
  return track.roles.some((role) => /describes-video|^description$/.test(role));
}
