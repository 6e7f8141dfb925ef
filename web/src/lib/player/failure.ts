/** What a viewer is told when a film does not play: what happened, whether it retries, what to do. Pure. */
import { Problem } from '../api/problem.ts';
import { explain } from '../text/explain.ts';
import { t } from '../text/t.ts';

/** Shaka's error, as far as we read it. */
export interface PlayerError {
  category: number;
  code: number;
  data: unknown[];
}

/** What a player can run into; `refused` is the server's, before there is anything to play. */
export type ErrorKind = 'network' | 'expired' | 'gone' | 'media' | 'unsupported';
export type FailureKind = ErrorKind | 'refused';

export interface Failure {
  kind: FailureKind;
  what: string;
  /** What the viewer can do. */
  remedy: string;
  /** For whoever is asked for help. */
  code: string;
  canRetry: boolean;
}

// Numbers of shaka.util.Error.
const CATEGORY_NETWORK = 1;
const CATEGORY_MANIFEST = 4;
const BAD_HTTP_STATUS = 1001;
const CONTENT_UNSUPPORTED_BY_BROWSER = 4032;
const VIDEO_ERROR = 3016;
const MEDIA_ERR_SRC_NOT_SUPPORTED = 4;

export function kindOf(error: PlayerError): ErrorKind {
  if (error.code === BAD_HTTP_STATUS) return kindOfStatus(Number(error.data[1]));
  if (error.category === CATEGORY_NETWORK) return 'network';
  if (error.code === VIDEO_ERROR) return error.data[0] === MEDIA_ERR_SRC_NOT_SUPPORTED ? 'unsupported' : 'media';
  if (error.code === CONTENT_UNSUPPORTED_BY_BROWSER) return 'unsupported';
  return error.category === CATEGORY_MANIFEST ? 'gone' : 'media';
}

function kindOfStatus(status: number): ErrorKind {
  if (status === 401 || status === 403) return 'expired';
  return status === 404 || status === 410 ? 'gone' : 'network';
}

const WORDS = {
  network: ['playerError.network', 'playerError.doNetwork'],
  expired: ['playerError.expired', 'playerError.doExpired'],
  gone: ['playerError.gone', 'playerError.doGone'],
  media: ['playerError.media', 'playerError.doMedia'],
  unsupported: ['playerError.unsupported', 'playerError.doUnsupported'],
} as const;

/** The failure that an error of the player, or of the server when it was asked to start, means to a viewer. */
export function describe(error: PlayerError | Problem): Failure {
  if (error instanceof Problem) {
    const what = explain(error);
    return { kind: 'refused', what, remedy: '', code: error.code, canRetry: error.status === 0 || error.status >= 409 };
  }
  const kind = kindOf(error);
  const [what, remedy] = WORDS[kind];
  return { kind, what: t(what), remedy: t(remedy), code: String(error.code), canRetry: kind !== 'unsupported' };
}
