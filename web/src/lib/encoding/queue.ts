/** The encoding queue as its page shows it: which titles, in which order, and where a title goes when it is moved. Pure. */
import type { BusyWorker, QueuedTitle } from '../api/types.ts';

export const SHOWS = ['all', 'running', 'queued', 'paused'] as const;
export type Show = (typeof SHOWS)[number];

/** What `?show=` names; anything else is everything. */
export function showOf(text: string | null): Show {
  return SHOWS.find((show) => show === text) ?? 'all';
}

export function shown(titles: readonly QueuedTitle[], show: Show): QueuedTitle[] {
  return titles.filter((title) => show === 'all' || title.state === show);
}

/** The priority that puts a title behind the next one of less or equal priority; null where none is behind it. */
export function laterPriority(titles: readonly QueuedTitle[], jobId: string): number | null {
  const mine = titles.find((title) => title.job_id === jobId);
  if (!mine) return null;
  const behind = titles.filter((title) => title !== mine && title.priority <= mine.priority);
  const next = behind.reduce<QueuedTitle | null>((best, title) => (best && best.priority >= title.priority ? best : title), null);
  return next ? next.priority - 1 : null;
}

/** Whether nothing goes before it. */
export function isFirst(titles: readonly QueuedTitle[], title: QueuedTitle): boolean {
  return titles.every((other) => other === title || other.priority < title.priority);
}

/** What a person can do to a title in the queue. */
export type Change = 'first' | 'later' | 'pause' | 'resume' | 'cancel';

export type PriorityName = 'release' | 'catalogue' | 'demo' | 'other';
const NAMES = new Map<number, PriorityName>([
  [10, 'release'],
  [0, 'catalogue'],
  [-1, 'demo'],
]);

/** What a priority means that nobody chose by hand. */
export function priorityName(priority: number): PriorityName {
  return NAMES.get(priority) ?? 'other';
}

export interface Host {
  name: string;
  cores: number;
  busy: number;
  workers: BusyWorker[];
}

/** The workers by their machine, the busiest machine first. */
export function hostsOf(workers: readonly BusyWorker[]): Host[] {
  const hosts = new Map<string, Host>();
  for (const worker of workers) {
    const host = hosts.get(worker.host) ?? { name: worker.host, cores: 0, busy: 0, workers: [] };
    host.cores += worker.cores;
    host.busy += worker.stage === '' ? 0 : 1;
    host.workers.push(worker);
    hosts.set(worker.host, host);
  }
  return [...hosts.values()].sort((a, b) => b.busy - a.busy || a.name.localeCompare(b.name));
}
