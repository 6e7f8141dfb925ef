/** Which parts of a title a query names. Pure. */

export interface Part {
  text: string;
  isMarked: boolean;
}

const WORD_MIN = 2;

/** The title in parts; the starts of words that a word of the query begins are marked. */
export function marked(title: string, query: string): Part[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word.length >= WORD_MIN);
  if (words.length === 0) return [{ text: title, isMarked: false }];
  return title
    .split(/(\s+)/)
    .filter((text) => text !== '')
    .map((text) => ({ text, isMarked: words.some((word) => text.toLowerCase().startsWith(word)) }));
}
