/** The API, one function a call. Each rejects with a `Problem`. */
import { Problem } from './problem.ts';
import type {
  EncodingQueue,
  Choice,
  Heartbeat,
  Home,
  Job,
  Kind,
  Ladder,
  Marks,
  MarksEdit,
  PlaybackDevice,
  PlaybackSession,
  Report,
  SearchResult,
  Session,
  Storage,
  TitleList,
  TitlePage,
} from './types.ts';

/** Sent with every request that changes something; a form on another site cannot set it. */
export const CSRF_HEADERS = { 'X-Matinee': '1' };

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Fetch = typeof fetch;

interface Options {
  body?: object;
  keepalive?: boolean;
  signal?: AbortSignal;
  /** SvelteKit's own, inside a load function. */
  fetch?: Fetch;
}

async function request<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  const text = await response.text();
  if (!response.ok) throw Problem.fromResponse(response.status, text);
  return (text === '' ? null : JSON.parse(text)) as T;
}

async function send(method: Method, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = method === 'GET' ? {} : { ...CSRF_HEADERS };
  const init: RequestInit = { method, credentials: 'same-origin', headers };
  if (options.body) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(options.body);
  }
  if (options.keepalive) init.keepalive = true;
  if (options.signal) init.signal = options.signal;
  try {
    return await (options.fetch ?? fetch)(path, init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw Problem.offline();
  }
}

const segment = encodeURIComponent;

export const getSession = (fetch?: Fetch) => request<Session>('GET', '/v1/session', fetch ? { fetch } : {});
export const signIn = (name: string, password: string) =>
  request<null>('POST', '/v1/session', { body: { name, password } });
export const signOut = () => request<null>('DELETE', '/v1/session');
export const setUp = (token: string, name: string, password: string) =>
  request<null>('POST', '/v1/setup', { body: { token, name, password } });

export const getHome = (fetch?: Fetch) => request<Home>('GET', '/v1/home', fetch ? { fetch } : {});
export const getTitle = (id: string, fetch?: Fetch) =>
  request<TitlePage>('GET', `/v1/titles/${segment(id)}`, fetch ? { fetch } : {});
export const deleteTitle = (id: string) => request<null>('DELETE', `/v1/titles/${segment(id)}`);
export const forgetWatching = (id: string) => request<null>('DELETE', `/v1/watching/${segment(id)}`);

export interface Listing {
  kind?: Kind;
  genre?: string;
  sort?: 'new' | 'title';
  cursor?: string;
}

export function getTitles(listing: Listing, fetch?: Fetch): Promise<TitleList> {
  const query = new URLSearchParams(Object.entries(listing));
  return request<TitleList>('GET', `/v1/titles?${query.toString()}`, fetch ? { fetch } : {});
}

export const search = (q: string, signal: AbortSignal) =>
  request<SearchResult>('GET', `/v1/search?q=${segment(q)}`, { signal });

export const startPlayback = (titleId: string, device: PlaybackDevice) =>
  request<PlaybackSession>('POST', '/v1/playback', { body: { title_id: titleId, device } });
/** Outlives the page when it is closed (`keepalive`). */
export const sendHeartbeat = (sessionId: string, heartbeat: Heartbeat) =>
  request<null>('POST', `/v1/playback/${segment(sessionId)}/heartbeat`, { body: heartbeat, keepalive: true });

export const getJobs = (fetch?: Fetch) => request<Job[]>('GET', '/v1/jobs', fetch ? { fetch } : {});
export const retryJob = (id: string) => request<null>('POST', `/v1/jobs/${segment(id)}/retry`);
export const removeJob = (id: string) => request<null>('DELETE', `/v1/jobs/${segment(id)}`);
export const pauseJob = (id: string) => request<Job>('POST', `/v1/jobs/${segment(id)}/pause`);
export const resumeJob = (id: string) => request<Job>('POST', `/v1/jobs/${segment(id)}/resume`);
export const putJobFirst = (id: string) => request<Job>('POST', `/v1/jobs/${segment(id)}/first`);
export const moveJob = (id: string, priority: number) =>
  request<Job>('PUT', `/v1/jobs/${segment(id)}/priority`, { body: { priority } });

export const getEncoding = (fetch?: Fetch) => request<EncodingQueue>('GET', '/v1/encoding', fetch ? { fetch } : {});
export const getStorage = (fetch?: Fetch) => request<Storage>('GET', '/v1/encoding/storage', fetch ? { fetch } : {});

export const getMarks = (titleId: string, fetch?: Fetch) =>
  request<Marks>('GET', `/v1/titles/${segment(titleId)}/marks`, fetch ? { fetch } : {});
export const editMarks = (titleId: string, marks: MarksEdit) =>
  request<Marks>('PUT', `/v1/titles/${segment(titleId)}/marks`, { body: marks });
export const findMarks = (titleId: string) => request<Marks>('POST', `/v1/titles/${segment(titleId)}/marks/find`);

export const getReport = (titleId: string, fetch?: Fetch) =>
  request<Report>('GET', `/v1/titles/${segment(titleId)}/report`, fetch ? { fetch } : {});
export const decide = (titleId: string, choice: Choice, note: string) =>
  request<Report>('POST', `/v1/titles/${segment(titleId)}/report/${choice}`, { body: { note } });
export const ladderUrl = (titleId: string, codec: Ladder['codec']) =>
  `/v1/titles/${segment(titleId)}/report/ladder.svg?codec=${codec}`;
export const momentUrl = (titleId: string, side: 'source' | 'encode') =>
  `/v1/titles/${segment(titleId)}/report/moment/${side}`;
