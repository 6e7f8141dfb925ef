/** What a viewer chose last time, kept in this browser. */

export interface Preferences {
  volume: number;
  isMuted: boolean;
  speed: number;
  /** A language tag; '' is off. */
  subtitles: string;
  /** A language tag; '' is the title's own. */
  audio: string;
}

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;
const DEFAULTS: Preferences = { volume: 1, isMuted: false, speed: 1, subtitles: '', audio: '' };
const KEY = 'matinee.player';

/** What `text` says, with a default for everything that it does not say or says wrongly. */
export function parsePreferences(text: string | null): Preferences {
  const read = parse(text);
  return {
    volume: isShare(read['volume']) ? read['volume'] : DEFAULTS.volume,
    isMuted: read['isMuted'] === true,
    speed: SPEEDS.find((speed) => speed === read['speed']) ?? DEFAULTS.speed,
    subtitles: typeof read['subtitles'] === 'string' ? read['subtitles'] : DEFAULTS.subtitles,
    audio: typeof read['audio'] === 'string' ? read['audio'] : DEFAULTS.audio,
  };
}

function parse(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

export function loadPreferences(): Preferences {
  try {
    return parsePreferences(localStorage.getItem(KEY));
  } catch {
    return DEFAULTS; // storage can be forbidden
  }
}

export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    return; // full or forbidden: the choice lasts as long as the page
  }
}
