/** The values that the API speaks, under the names that the app uses. */

export type Kind = 'film' | 'show' | 'episode';
export type TitleState = 'processing' | 'ready' | 'failed';
export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface Picture {
  name: string;
  width: number;
  height: number;
  /** Base64; empty when there is none. */
  thumbhash: string;
  /** The subject's point, each part in 0..1. */
  focus: [number, number];
}

export interface Card {
  id: string;
  kind: Kind;
  title: string;
  year: number | null;
  synopsis: string;
  genres: string[];
  duration_s: number;
  height: number;
  poster: Picture | null;
  still: Picture | null;
  state: TitleState;
  position_s: number;
  /** 0..1 */
  progress: number;
  /** What to play: the title itself, or a show's next episode. */
  play_id: string | null;
  season: number | null;
  episode: number | null;
  show_title: string | null;
  badge: string | null;
  reason: string;
}

export interface Row {
  id: string;
  title: string;
  reason: string;
  shape: 'poster' | 'still';
  items: Card[];
}

export interface Preparing {
  title_id: string;
  job_id: string;
  title: string;
  state: JobState;
  stage: string;
  /** 0..1 */
  progress: number;
  eta_s: number | null;
  reason: string;
  remedy: string;
  poster: Picture | null;
}

export interface Home {
  hero: Card | null;
  rows: Row[];
  preparing: Preparing[];
}

export interface Person {
  name: string;
  role: string;
  character: string;
}

export interface Season {
  number: number;
  episodes: Card[];
}

export interface TitlePage {
  title: Card;
  people: Person[];
  languages: { audio: string[]; subtitles: string[] };
  seasons: Season[];
  similar: Card[];
  next: Card | null;
}

export interface TitleList {
  items: Card[];
  next: string | null;
}

export interface SearchResult {
  items: Card[];
  suggestions: string[];
}

export interface Storyboard {
  url: string;
  columns: number;
  rows: number;
  tile_width: number;
  tile_height: number;
  interval_s: number;
}

export interface PlaybackSession {
  session_id: string;
  title: Card;
  next: Card | null;
  hls_url: string;
  dash_url: string;
  resume_s: number;
  duration_s: number;
  storyboard: Storyboard | null;
  edges: string[];
  expires: number;
}

export interface Heartbeat {
  event_id: string;
  position_s: number;
  state: 'playing' | 'paused' | 'ended';
  rung_height: number;
  buffer_s: number;
  throughput_bps: number;
  dropped_frames: number;
  rebuffer_s: number;
  startup_ms: number;
}

export interface Stage {
  name: string;
  done: number;
  total: number;
}

export interface Job extends Preparing {
  kind: string;
  stages: Stage[];
  attempt: number;
  created: number;
  updated: number;
}

export interface Session {
  signed_in: boolean;
  needs_setup: boolean;
  name: string | null;
}
