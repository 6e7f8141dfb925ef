/** One film being played: Shaka and the video element behind values that the controls read and methods they call. */
import type { PlaybackSession } from '../api/types.ts';
import { CueStore, captionsAt, type Caption } from './cues.ts';
import { describe, kindOf, type Failure, type PlayerError } from './failure.ts';
import { loadPreferences, savePreferences, SPEEDS, type Preferences } from './preferences.ts';
import type { Report } from './reporter.ts';
import { bufferAhead, clamp, seekTarget } from './seek.ts';
import { BUFFER_GOAL_S, codecName, configuration, loadShaka, loudspeakers, type Shaka } from './shaka.ts';
import { audioChoices, isDescription, isForHardOfHearing, textChoices, type Choice } from './tracks.ts';

type Player = InstanceType<Shaka['Player']>;
type AudioTrack = ReturnType<Player['getAudioTracks']>[number];
type TextTrack = ReturnType<Player['getTextTracks']>[number];
type VariantTrack = ReturnType<Player['getVariantTracks']>[number];

export interface Rung {
  height: number;
  bandwidth: number;
  isActive: boolean;
  track: VariantTrack;
}

export interface Stats {
  rungHeight: number;
  rungBps: number;
  codec: string;
  bufferS: number;
  throughputBps: number;
  throughputHistory: number[];
  edge: string;
  edgeMs: number;
  droppedFrames: number;
  totalFrames: number;
}

/** After a network failure, playback is tried again this often by itself, a little later each time. */
const RECOVERIES_MAX = 5;
const RECOVERY_BASE_S = 1;
/** How much of the old quality stays in the buffer when another is chosen, so that nothing stops. */
const SWITCH_MARGIN_S = 4;
const HISTORY_LENGTH = 60;
const STATS_INTERVAL_MS = 1000;
const FALLBACK_FRAME_S = 1 / 25;

const NO_STATS: Stats = {
  rungHeight: 0,
  rungBps: 0,
  codec: '',
  bufferS: 0,
  throughputBps: 0,
  throughputHistory: [],
  edge: '',
  edgeMs: 0,
  droppedFrames: 0,
  totalFrames: 0,
};

export class Playback {
  readonly session: PlaybackSession;

  position = $state(0);
  duration = $state(0);
  bufferedTo = $state(0);
  isPaused = $state(true);
  isBuffering = $state(true);
  hasStarted = $state(false);
  hasEnded = $state(false);
  isReconnecting = $state(false);
  failure = $state.raw<Failure | null>(null);
  volume = $state(1);
  isMuted = $state(false);
  speed = $state(1);
  isAuto = $state(true);
  rungs = $state.raw<Rung[]>([]);
  audio = $state.raw<Choice<AudioTrack>[]>([]);
  subtitles = $state.raw<Choice<TextTrack>[]>([]);
  captions = $state.raw<Caption[]>([]);
  stats = $state.raw<Stats>(NO_STATS);
  startupMs = $state(0);
  stalls = $state(0);

  /** Set by the page: begins a new session at the position, when this one's signatures have expired. */
  onexpired: () => void = () => undefined;
  /** Set by the page: a moment after which the position should be safe. */
  onmoment: () => void = () => undefined;

  #video: HTMLVideoElement | null = null;
  #player: Player | null = null;
  #cues = new CueStore(() => {
    this.#showCaptions();
  });
  #preferences: Preferences = loadPreferences();
  #requestedAt: number;
  #stalledAt = 0;
  #rebufferMs = 0;
  #recoveries = 0;
  #recoveryTimer: ReturnType<typeof setTimeout> | undefined;
  #statsTimer: ReturnType<typeof setInterval> | undefined;
  #isGone = false;

  /** `requestedAt`: when the viewer asked for it (`performance.now()`), for the start-up time. */
  constructor(session: PlaybackSession, requestedAt: number) {
    this.session = session;
    this.duration = session.duration_s;
    this.position = session.resume_s;
    this.#requestedAt = requestedAt;
    this.volume = this.#preferences.volume;
    this.isMuted = this.#preferences.isMuted;
    this.speed = this.#preferences.speed;
  }

  /** Takes the video element, loads the film and starts it. */
  async open(video: HTMLVideoElement): Promise<void> {
    this.#video = video;
    this.#listen(video);
    video.volume = this.volume;
    video.muted = this.isMuted;
    try {
      const shaka = await loadShaka();
      if (this.#isGone) return;
      const player = new shaka.Player();
      this.#player = player;
      this.#prepare(player);
      await player.attach(video);
      await player.load(this.session.hls_url, this.session.resume_s);
    } catch (error) {
      this.#fail(error as PlayerError);
      return;
    }
    this.#readTracks();
    this.#applyPreferences();
    video.playbackRate = this.speed;
    await this.play();
    this.#statsTimer = setInterval(() => {
      this.#measure();
    }, STATS_INTERVAL_MS);
  }

  async close(): Promise<void> {
    this.#isGone = true;
    clearInterval(this.#statsTimer);
    clearTimeout(this.#recoveryTimer);
    await this.#player?.destroy();
  }

  async play(): Promise<void> {
    try {
      await this.#video?.play();
    } catch {
      this.isPaused = true; // the browser wants a click first: the play button is there for it
      this.isBuffering = false;
    }
  }

  pause(): void {
    this.#video?.pause();
  }

  toggle(): void {
    if (this.hasEnded) this.seek(0);
    if (this.isPaused || this.hasEnded) void this.play();
    else this.pause();
  }

  seek(time: number): void {
    if (!this.#video) return;
    this.hasEnded = false;
    this.position = seekTarget(time, this.duration);
    this.#video.currentTime = this.position;
  }

  seekBy(seconds: number): void {
    this.seek(this.position + seconds);
  }

  /** One frame; pauses first, because a moving picture has no next frame to look at. */
  step(frames: number): void {
    this.pause();
    const rate = this.#player?.getVideoTracks().find((track) => track.active)?.frameRate;
    this.seek(this.position + frames * (rate ? 1 / rate : FALLBACK_FRAME_S));
  }

  setVolume(volume: number): void {
    if (!this.#video) return;
    this.#video.volume = clamp(volume, 0, 1);
    this.volume = this.#video.volume; // at once: the next key may come before the event
    this.#video.muted = this.#video.volume === 0;
  }

  toggleMute(): void {
    if (this.#video) this.#video.muted = !this.#video.muted;
  }

  setSpeed(speed: number): void {
    if (!this.#video) return;
    this.speed = speed;
    this.#video.playbackRate = speed;
    this.#remember({ speed });
  }

  /** The next slower or faster of the speeds that the menu offers. */
  changeSpeed(steps: number): void {
    const at = SPEEDS.findIndex((speed) => speed === this.speed);
    this.setSpeed(SPEEDS[clamp(at + steps, 0, SPEEDS.length - 1)] ?? 1);
  }

  chooseAuto(): void {
    this.isAuto = true;
    this.#player?.configure('abr.enabled', true);
  }

  chooseRung(rung: Rung): void {
    this.isAuto = false;
    this.#player?.configure('abr.enabled', false);
    this.#player?.selectVariantTrack(rung.track, true, SWITCH_MARGIN_S);
    this.#readTracks();
  }

  chooseAudio(choice: Choice<AudioTrack>): void {
    this.#player?.selectAudioTrack(choice.track, SWITCH_MARGIN_S);
    this.#remember({ audio: choice.language });
    this.#readTracks();
  }

  chooseSubtitles(choice: Choice<TextTrack> | null): void {
    this.#showSubtitles(choice);
    this.#remember({ subtitles: choice?.language ?? '' });
  }

  /** In the viewer's language if there are any; those for the hard of hearing only where there are no others. */
  #likeliestSubtitles(): Choice<TextTrack> | undefined {
    const own = navigator.language.split('-')[0] ?? '';
    const plain = this.subtitles.filter((choice) => !isForHardOfHearing(choice.track));
    const isOwn = (choice: Choice<TextTrack>): boolean => choice.language.startsWith(own);
    return plain.find(isOwn) ?? this.subtitles.find(isOwn) ?? plain[0] ?? this.subtitles[0];
  }

  /** Off, or the language that was on last, or the first there is. */
  toggleSubtitles(): void {
    const isOn = this.subtitles.some((choice) => choice.isActive);
    const wanted = this.#preferences.subtitles;
    const last = this.subtitles.find((choice) => choice.language === wanted) ?? this.#likeliestSubtitles();
    this.#showSubtitles(isOn ? null : (last ?? null));
    if (!isOn && last) this.#remember({ subtitles: last.language });
  }

  /** After a failure that the viewer wants to try again. */
  async retry(): Promise<void> {
    const failure = this.failure;
    if (!failure || !this.#player) return;
    if (failure.kind === 'expired' || failure.kind === 'gone') {
      this.onexpired();
      return;
    }
    this.failure = null;
    this.#recoveries = 0;
    try {
      await this.#player.load(this.session.hls_url, this.position);
      this.#readTracks();
      await this.play();
    } catch (error) {
      this.#fail(error as PlayerError);
    }
  }

  /** What a heartbeat says, or null before the first picture. */
  report(): Report | null {
    if (!this.hasStarted) return null;
    return {
      position_s: round(this.position),
      state: this.hasEnded ? 'ended' : this.isPaused ? 'paused' : 'playing',
      rung_height: this.stats.rungHeight,
      buffer_s: round(this.stats.bufferS),
      throughput_bps: Math.round(this.stats.throughputBps),
      dropped_frames: this.stats.droppedFrames,
      rebuffer_s: round(this.#rebufferMs / 1000),
      startup_ms: Math.round(this.startupMs),
    };
  }

  #listen(video: HTMLVideoElement): void {
    const on = (name: keyof HTMLMediaElementEventMap, act: () => void) => {
      video.addEventListener(name, act);
    };
    on('timeupdate', () => {
      this.#follow(video);
    });
    on('durationchange', () => {
      if (Number.isFinite(video.duration)) this.duration = video.duration;
    });
    on('progress', () => {
      this.#follow(video);
    });
    on('play', () => {
      this.isPaused = false;
      this.hasEnded = false;
    });
    on('playing', () => {
      this.#started();
    });
    on('pause', () => {
      this.isPaused = true;
      if (!video.ended) this.onmoment();
    });
    on('seeked', () => {
      this.#follow(video);
      if (this.hasStarted) this.onmoment();
    });
    on('ended', () => {
      this.hasEnded = true;
      this.onmoment();
    });
    on('volumechange', () => {
      this.volume = video.volume;
      this.isMuted = video.muted;
      this.#remember({ volume: video.volume, isMuted: video.muted });
    });
  }

  #follow(video: HTMLVideoElement): void {
    if (!video.seeking) this.position = video.currentTime;
    this.bufferedTo = video.currentTime + bufferAhead(ranges(video.buffered), video.currentTime);
    this.#showCaptions();
  }

  #started(): void {
    this.isReconnecting = false;
    this.#recoveries = 0;
    this.isBuffering = false;
    if (this.hasStarted) return;
    this.hasStarted = true;
    this.startupMs = performance.now() - this.#requestedAt;
    this.#measure();
  }

  #prepare(player: Player): void {
    player.configure({ ...configuration(navigator.userAgent, loudspeakers()), textDisplayFactory: (_player: Player) => this.#cues });
    player.addEventListener('error', (event) => {
      this.#fail((event as unknown as { detail: PlayerError }).detail);
    });
    player.addEventListener('buffering', (event) => {
      this.#buffered((event as unknown as { buffering: boolean }).buffering);
    });
    for (const name of ['adaptation', 'variantchanged', 'trackschanged', 'textchanged', 'audiotrackchanged']) {
      player.addEventListener(name, () => {
        this.#readTracks();
      });
    }
    player.getNetworkingEngine()?.registerResponseFilter((_type, response) => {
      const { uri, timeMs } = response as { uri: string; timeMs?: number };
      if (/\.(mp4|m4s)(\?|$)/.test(uri)) this.stats = { ...this.stats, edge: hostOf(uri), edgeMs: timeMs ?? 0 };
    });
  }

  #buffered(isBuffering: boolean): void {
    this.isBuffering = isBuffering;
    if (!this.hasStarted || this.#video?.seeking) return;
    if (isBuffering) {
      this.stalls += 1;
      this.#stalledAt = performance.now();
    } else if (this.#stalledAt > 0) {
      this.#rebufferMs += performance.now() - this.#stalledAt;
      this.#stalledAt = 0;
    }
  }

  #fail(error: PlayerError): void {
    const INTERRUPTED = 7000;
    if (this.#isGone || error.code === INTERRUPTED) return;
    if (kindOf(error) === 'expired') {
      this.onexpired();
      return;
    }
    if (kindOf(error) === 'network' && this.hasStarted && this.#recoveries < RECOVERIES_MAX) {
      this.#recover();
      return;
    }
    this.isReconnecting = false;
    this.failure = describe(error);
  }

  #recover(): void {
    this.isReconnecting = true;
    const delayS = RECOVERY_BASE_S * 2 ** this.#recoveries;
    this.#recoveries += 1;
    this.#recoveryTimer = setTimeout(() => this.#player?.retryStreaming(), delayS * 1000);
  }

  #readTracks(): void {
    const player = this.#player;
    if (!player) return;
    this.rungs = rungsOf(player.getVariantTracks());
    this.audio = audioChoices(player.getAudioTracks());
    this.subtitles = textChoices(player.getTextTracks().filter((track) => !track.forced));
  }

  #applyPreferences(): void {
    const { audio, subtitles } = this.#preferences;
    const inLanguage = this.audio.filter((choice) => choice.language === audio);
    const heard = inLanguage.find((choice) => !isDescription(choice.track)) ?? inLanguage[0];
    if (heard && !heard.isActive) this.#player?.selectAudioTrack(heard.track);
    this.#showSubtitles(this.subtitles.find((choice) => subtitles !== '' && choice.language === subtitles) ?? null);
  }

  #showSubtitles(choice: Choice<TextTrack> | null): void {
    this.#player?.selectTextTrack(choice?.track ?? null);
    this.#cues.setTextVisibility(choice !== null);
    this.#readTracks();
  }

  #showCaptions(): void {
    this.captions = captionsAt(this.#cues.visible, this.#video?.currentTime ?? 0);
  }

  #measure(): void {
    const player = this.#player;
    const video = this.#video;
    if (!player || !video) return;
    const stats = player.getStats();
    const active = player.getVideoTracks().find((track) => track.active);
    const throughputBps = Number.isFinite(stats.estimatedBandwidth) ? stats.estimatedBandwidth : 0;
    this.stats = {
      ...this.stats,
      rungHeight: boxHeight(active ?? { width: video.videoWidth, height: video.videoHeight }),
      rungBps: active?.bandwidth ?? 0,
      codec: codecName(active?.codecs ?? ''),
      bufferS: bufferAhead(ranges(video.buffered), video.currentTime),
      throughputBps,
      throughputHistory: [...this.stats.throughputHistory, throughputBps].slice(-HISTORY_LENGTH),
      droppedFrames: stats.droppedFrames || 0,
      totalFrames: stats.decodedFrames || 0,
    };
  }

  #remember(change: Partial<Preferences>): void {
    this.#preferences = { ...this.#preferences, ...change };
    savePreferences(this.#preferences);
  }
}

export { BUFFER_GOAL_S };

/** The height of the 16:9 box that a picture fills, upright or on its side: 720 of 1280x536 and of 720x1280. */
function boxHeight({ width, height }: Pick<VariantTrack, 'width' | 'height'>): number {
  const [longer, shorter] = [Math.max(width ?? 0, height ?? 0), Math.min(width ?? 0, height ?? 0)];
  return Math.max(shorter, Math.round((longer * 9) / 16));
}

/**
 * One rung a height, the best first: of several that are as high, the one with the most bits.
 *
 * They are variants, each with its own form of the sound that is heard: Shaka's list of pictures has those alone that
 * share the one of now.
 */
function rungsOf(variants: VariantTrack[]): Rung[] {
  const now = variants.find((variant) => variant.active);
  const byHeight = new Map<number, Rung>();
  for (const track of variants.filter((variant) => !now || isHeardAlike(variant, now))) {
    const height = boxHeight(track);
    const known = byHeight.get(height);
    const bandwidth = track.videoBandwidth ?? track.bandwidth;
    const isBetter = !known || bandwidth > known.bandwidth;
    const isActive = track.active || (known?.isActive ?? false);
    byHeight.set(height, { height, isActive, bandwidth: isBetter ? bandwidth : known.bandwidth, track: isBetter ? track : known.track });
  }
  return [...byHeight.values()].filter((rung) => rung.height > 0).sort((a, b) => b.height - a.height);
}

function isHeardAlike(one: VariantTrack, other: VariantTrack): boolean {
  return one.language === other.language && one.label === other.label && one.channelsCount === other.channelsCount;
}

function ranges(buffered: TimeRanges): { start: number; end: number }[] {
  return Array.from({ length: buffered.length }, (_, index) => ({ start: buffered.start(index), end: buffered.end(index) }));
}

function hostOf(uri: string): string {
  return new URL(uri, location.href).host;
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
