/** Numbers as people read them: times, sizes, rates, languages. */
import { t } from './t.ts';

const THIN_SPACE = '\u202f';
const MINUTE_S = 60;
/** A film of 22 s is reported as 21.999999 by browsers. */
const ROUNDING_S = 0.005;
const HOUR_S = 3600;

/** `41:12`, `1:02:03`; never negative. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds + ROUNDING_S : 0));
  const hours = Math.floor(whole / HOUR_S);
  const minutes = Math.floor((whole % HOUR_S) / MINUTE_S);
  const rest = String(whole % MINUTE_S).padStart(2, '0');
  return hours > 0 ? `${String(hours)}:${String(minutes).padStart(2, '0')}:${rest}` : `${String(minutes)}:${rest}`;
}

/** `14 Mar 2026, 21:04:09`, of Unix seconds. */
export function moment(atS: number): string {
  return new Date(atS * 1000).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** `1 h 52 min`, `44 min`, `32 s`. */
export function runtime(seconds: number): string {
  if (seconds < 99.5) return t('time.s', { seconds: Math.max(0, Math.round(seconds)) });
  const minutes = Math.round(seconds / MINUTE_S);
  if (minutes < MINUTE_S) return t('time.m', { minutes });
  const hours = Math.floor(minutes / MINUTE_S);
  const rest = minutes % MINUTE_S;
  if (rest === 0) return t('time.h', { hours });
  return t('time.hm', { hours, minutes: String(rest).padStart(2, '0') });
}

/** `2.3 s`, `44 min`, `1.5 h`: what machines took, of which a short film takes little. */
export function cpuTime(seconds: number): string {
  if (seconds < 9.95) return t('time.s', { seconds: seconds.toFixed(1) });
  if (seconds < 99.5) return t('time.s', { seconds: Math.round(seconds) });
  const minutes = Math.round(seconds / MINUTE_S);
  return minutes < 100 ? t('time.m', { minutes }) : t('time.h', { hours: (seconds / HOUR_S).toFixed(1) });
}

/** What is left to watch, rounded up so that it never says 0 before the end. */
export function remaining(durationS: number, positionS: number): string {
  const rest = Math.max(1, durationS - positionS);
  return runtime(rest < 99.5 ? rest : Math.ceil(rest / MINUTE_S) * MINUTE_S);
}

/** `18 min left` */
export function left(durationS: number, positionS: number): string {
  return t('time.left', { time: remaining(durationS, positionS) });
}

/** `2160` -> `4K`, `1080` -> `1080p`. */
export function rung(height: number): string {
  return height >= 2160 ? '4K' : `${String(height)}p`;
}

/** `61800` -> `61 800`, with thin spaces. */
export function thousands(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
}

const SIZE_STEPS = [
  [1e9, 'size.gb'],
  [1e6, 'size.mb'],
  [1e3, 'size.kb'],
] as const;

/** `4.02 GB`, `870 MB`: three figures, powers of ten. */
export function size(bytes: number): string {
  const step = SIZE_STEPS.find(([unit]) => bytes >= unit);
  if (!step) return t('size.bytes', { n: Math.round(bytes) });
  return t(step[1], { n: threeFigures(bytes / step[0]) });
}

/** `18.6 Mb/s`. */
export function rate(bps: number): string {
  return t('rate.mbps', { n: threeFigures(bps / 1e6) });
}

function threeFigures(value: number): string {
  return value >= 100 ? thousands(value) : value.toPrecision(value >= 10 ? 3 : 2);
}

/** A language's name in English (`no` -> `Norwegian`); `und` and nonsense give ''. */
export function language(tag: string): string {
  if (tag === '' || tag === 'und') return '';
  try {
    return new Intl.DisplayNames('en', { type: 'language', fallback: 'none' }).of(tag) ?? '';
  } catch {
    return '';
  }
}
