/** Shaka Player, loaded when something is played, and set up for files that are encoded beforehand. */
import type ShakaNamespace from 'shaka-player/dist/shaka-player.hls-es2021.js';

import type { PlaybackDevice } from '#lib/api/types.ts';

export type Shaka = typeof ShakaNamespace;

/** Good enough for 720p at the first segment, low enough to start at once. */
const FIRST_BANDWIDTH_BPS = 5_000_000;
export const BUFFER_GOAL_S = 30;
const STEREO = 2;
const SURROUND = 6;

/** A request is tried this often before the player speaks of it. */
const RETRIES = { maxAttempts: 4, baseDelay: 400, backoffFactor: 2, fuzzFactor: 0.5, timeout: 20_000, stallTimeout: 8_000, connectionTimeout: 8_000 };

export async function loadShaka(): Promise<Shaka> {
  const { default: shaka } = await import('shaka-player/dist/shaka-player.hls-es2021.js');
  shaka.polyfill.installAll();
  return shaka;
}

/** Safari plays HLS itself, with AirPlay; everywhere else Media Source Extensions do. */
export function prefersNativeHls(agent: string): boolean {
  return agent.includes('Safari') && /Apple|Mac|iPhone|iPad/.test(agent) && !/Chrom|CriOS|FxiOS|EdgiOS|Android/.test(agent);
}

/** The kind of device that the server should choose renditions for: AVPlayer is not asked what it decodes, a browser is. */
export function deviceOf(agent: string): PlaybackDevice {
  return prefersNativeHls(agent) ? 'ios' : 'web';
}

/** How many channels this device plays; 2 where it does not say. */
export function loudspeakers(): number {
  try {
    const context = new AudioContext();
    const channels = context.destination.maxChannelCount;
    void context.close();
    return channels;
  } catch {
    return STEREO;
  }
}

/** `channels`: how many the device plays. Surround is only chosen where it is heard as such. */
export function configuration(agent: string, channels = STEREO): object {
  return {
    preferredAudio: [{ channelCount: channels >= SURROUND ? SURROUND : STEREO }],
    abr: {
      defaultBandwidthEstimate: FIRST_BANDWIDTH_BPS,
      useNetworkInformation: false,
      restrictToElementSize: false,
      switchInterval: 4,
    },
    // Of several codecs: what the device decodes without dropping frames, then what spares its battery, then its line.
    preferredDecodingAttributes: ['smooth', 'powerEfficient'],
    manifest: {
      retryParameters: RETRIES,
      // Segments are placed by their own times, which begin before 0 with the encoder's priming: placed by the
      // playlist's, sound comes 20 ms early from the second segment on.
      hls: { ignoreManifestTimestampsInSegmentsMode: true },
    },
    streaming: {
      bufferingGoal: BUFFER_GOAL_S,
      rebufferingGoal: 1,
      bufferBehind: 30,
      retryParameters: RETRIES,
      preferNativeHls: prefersNativeHls(agent),
    },
  };
}

/** `avc1.64001f` -> `H.264` */
export function codecName(codecs: string): string {
  const names: [RegExp, string][] = [
    [/avc[13]/, 'H.264'],
    [/hvc1|hev1/, 'HEVC'],
    [/av01/, 'AV1'],
    [/vp09|vp9/, 'VP9'],
  ];
  return names.find(([pattern]) => pattern.test(codecs))?.[1] ?? '';
}
