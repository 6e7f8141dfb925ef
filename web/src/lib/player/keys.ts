/** What a key means while a film plays. Pure. */

export type Command =
  | { do: 'toggle' }
  | { do: 'seekBy'; seconds: number }
  | { do: 'seekToShare'; share: number }
  | { do: 'step'; frames: 1 | -1 }
  | { do: 'volumeBy'; amount: number }
  | { do: 'mute' }
  | { do: 'fullScreen' }
  | { do: 'subtitles' }
  | { do: 'speedBy'; steps: 1 | -1 }
  | { do: 'episode'; offset: 1 | -1 }
  | { do: 'help' }
  | { do: 'stats' }
  | { do: 'close' };

export interface Key {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

export const JUMP_S = 10;
export const NUDGE_S = 5;
export const VOLUME_STEP = 0.05;

const PLAIN: Record<string, Command> = {
  ' ': { do: 'toggle' },
  k: { do: 'toggle' },
  MediaPlayPause: { do: 'toggle' },
  j: { do: 'seekBy', seconds: -JUMP_S },
  l: { do: 'seekBy', seconds: JUMP_S },
  MediaRewind: { do: 'seekBy', seconds: -JUMP_S },
  MediaFastForward: { do: 'seekBy', seconds: JUMP_S },
  ArrowLeft: { do: 'seekBy', seconds: -NUDGE_S },
  ArrowRight: { do: 'seekBy', seconds: NUDGE_S },
  ArrowUp: { do: 'volumeBy', amount: VOLUME_STEP },
  ArrowDown: { do: 'volumeBy', amount: -VOLUME_STEP },
  m: { do: 'mute' },
  f: { do: 'fullScreen' },
  c: { do: 'subtitles' },
  ',': { do: 'step', frames: -1 },
  '.': { do: 'step', frames: 1 },
  MediaTrackNext: { do: 'episode', offset: 1 },
  MediaTrackPrevious: { do: 'episode', offset: -1 },
  Escape: { do: 'close' },
};

const SHIFTED: Record<string, Command> = {
  '<': { do: 'speedBy', steps: -1 },
  '>': { do: 'speedBy', steps: 1 },
  '?': { do: 'help' },
  s: { do: 'stats' },
  n: { do: 'episode', offset: 1 },
  p: { do: 'episode', offset: -1 },
};

/** Keys that some layouts type with Shift and others without. */
const EITHER = new Set(['<', '>', '?']);

/** The command of a key press, or null when it is none of ours; the browser's own shortcuts are left alone. */
export function commandOf(press: Key): Command | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (press.shiftKey || EITHER.has(key)) return SHIFTED[key] ?? null;
  if (/^\d$/.test(key)) return { do: 'seekToShare', share: Number(key) / 10 };
  return PLAIN[key] ?? null;
}
