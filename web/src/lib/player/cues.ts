/** Subtitles as lines of styled text, and the displayer through which Shaka hands them over. */

/** A cue of Shaka's, as far as we read it. */
export interface Cue {
  startTime: number;
  endTime: number;
  payload: string;
  nestedCues: Cue[];
  lineBreak: boolean;
  fontStyle: string;
  fontWeight: number;
  line: number | null;
}

export interface Span {
  text: string;
  isItalic: boolean;
  isBold: boolean;
}

export interface Caption {
  lines: Span[][];
  /** Cues that ask for the upper half get it. */
  isTop: boolean;
}

const BOLD_WEIGHT = 600;
const UPPER_HALF_PERCENT = 50;

/** What to show at `time`, in the order of the file. */
export function captionsAt(cues: readonly Cue[], time: number): Caption[] {
  return cues
    .filter((cue) => cue.startTime <= time && time < cue.endTime)
    .map((cue) => ({ lines: linesOf(cue), isTop: cue.line !== null && cue.line >= 0 && cue.line < UPPER_HALF_PERCENT }))
    .filter((caption) => caption.lines.length > 0);
}

/** The text of a cue and the ones nested in it, split where it breaks. */
export function linesOf(cue: Cue): Span[][] {
  const lines: Span[][] = [[]];
  for (const part of flatten(cue)) {
    if (part === 'break') lines.push([]);
    else lines.at(-1)?.push(part);
  }
  return lines.filter((line) => line.some((span) => span.text.trim() !== ''));
}

function flatten(cue: Cue): (Span | 'break')[] {
  if (cue.lineBreak) return ['break'];
  if (cue.nestedCues.length > 0) return cue.nestedCues.flatMap(flatten);
  const span = { isItalic: cue.fontStyle === 'italic', isBold: cue.fontWeight >= BOLD_WEIGHT };
  return cue.payload.split('\n').flatMap((text, index) => (index > 0 ? ['break' as const, { text, ...span }] : [{ text, ...span }]));
}

/** Keeps the cues that Shaka parses and tells `onchange` when there are others; drawing them is the page's. */
export class CueStore {
  cues: readonly Cue[] = [];
  #isVisible = false;
  readonly #onchange: () => void;

  constructor(onchange: () => void) {
    this.#onchange = onchange;
  }

  get visible(): readonly Cue[] {
    return this.#isVisible ? this.cues : [];
  }

  append(cues: Cue[]): void {
    const known = new Set(this.cues.map(identity));
    this.cues = [...this.cues, ...cues.filter((cue) => !known.has(identity(cue)))];
    this.#onchange();
  }

  /** Whether there was anything to remove from; Shaka asks for the cues that overlap the range. */
  remove(start: number, end: number): boolean {
    this.cues = this.cues.filter((cue) => cue.endTime <= start || cue.startTime >= end);
    this.#onchange();
    return true;
  }

  isTextVisible(): boolean {
    return this.#isVisible;
  }

  setTextVisibility(on: boolean): void {
    this.#isVisible = on;
    this.#onchange();
  }

  configure(): void {
    return; // nothing of Shaka's own look applies
  }

  setTextLanguage(): void {
    return; // the page marks the language where it draws
  }

  destroy(): Promise<void> {
    this.cues = [];
    this.#onchange();
    return Promise.resolve();
  }
}

function identity(cue: Cue): string {
  return `${String(cue.startTime)} ${String(cue.endTime)} ${cue.payload}`;
}
