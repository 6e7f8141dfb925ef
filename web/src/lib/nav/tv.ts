/** Whether this is a television: by its name, by request, or by its size and the lack of a pointer. */

const TV_AGENTS = /\b(TV|SmartTV|SMART-TV|Tizen|Web0S|webOS|HbbTV|AFT[A-Z]|BRAVIA|CrKey|GoogleTV|Roku|VIDAA)\b/i;
const TV_WIDTH_PX = 1800;

export interface Screen {
  agent: string;
  /** `?tv=1` or `?tv=0` */
  asked: string | null;
  width: number;
  hasFinePointer: boolean;
}

export function isTv(screen: Screen): boolean {
  if (screen.asked !== null) return screen.asked === '1';
  if (TV_AGENTS.test(screen.agent)) return true;
  return screen.width >= TV_WIDTH_PX && !screen.hasFinePointer;
}

const ASKED_KEY = 'matinee.tv';

/** Looks at this screen; an answer given by `?tv=` is kept for the visit. */
export function detectTv(query: Pick<URLSearchParams, 'get'>): boolean {
  const asked = query.get('tv');
  if (asked !== null) sessionStorage.setItem(ASKED_KEY, asked);
  return isTv({
    agent: navigator.userAgent,
    asked: asked ?? sessionStorage.getItem(ASKED_KEY),
    width: innerWidth,
    hasFinePointer: matchMedia('(any-pointer: fine)').matches,
  });
}
