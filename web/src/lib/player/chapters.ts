/** Chapters on the seek bar. Pure; seconds. */

export interface Chapter {
  start_s: number;
  title: string;
}

/** Whether a chapter has a mark: the one that begins with the film needs none. */
export function isMarked(chapter: Chapter): boolean {
  return chapter.start_s > 0;
}

/** What the chapter at `time` is called; '' before the first one, and where it has no name. */
export function chapterAt(chapters: readonly Chapter[], time: number): string {
  return chapters.findLast((chapter) => chapter.start_s <= time)?.title ?? '';
}
