import { describe, expect, it } from 'vitest';
import { captionsAt, CueStore, linesOf, type Cue } from '../../src/lib/player/cues.ts';

const cue = (payload: string, more: Partial<Cue> = {}): Cue => ({
  startTime: 0,
  endTime: 10,
  payload,
  nestedCues: [],
  lineBreak: false,
  fontStyle: 'normal',
  fontWeight: 400,
  line: null,
  ...more,
});
const text = (of: Cue) => linesOf(of).map((line) => line.map((span) => span.text).join(''));

describe('subtitles', () => {
  it('are shown from their start up to their end', () => {
    const cues = [cue('one', { endTime: 5 }), cue('two', { startTime: 5 })];
    expect(captionsAt(cues, 4.99)).toHaveLength(1);
    expect(captionsAt(cues, 5)[0]?.lines[0]?.[0]?.text).toBe('two');
    expect(captionsAt(cues, 10)).toEqual([]);
  });

  it('break where the file breaks them', () => {
    expect(text(cue('one\ntwo'))).toEqual(['one', 'two']);
    expect(text(cue('', { nestedCues: [cue('one'), cue('', { lineBreak: true }), cue('two')] }))).toEqual(['one', 'two']);
  });

  it('keep their emphasis', () => {
    const nested = cue('', { nestedCues: [cue('the '), cue('twelfth', { fontStyle: 'italic' }), cue('!', { fontWeight: 700 })] });
    expect(linesOf(nested)[0]).toEqual([
      { text: 'the ', isItalic: false, isBold: false },
      { text: 'twelfth', isItalic: true, isBold: false },
      { text: '!', isItalic: false, isBold: true },
    ]);
  });

  it('leave no empty lines', () => {
    expect(text(cue(' \n\n'))).toEqual([]);
  });

  it('go to the top when the file says so', () => {
    expect(captionsAt([cue('sign', { line: 5 })], 1)[0]?.isTop).toBe(true);
    expect(captionsAt([cue('talk', { line: 90 })], 1)[0]?.isTop).toBe(false);
    expect(captionsAt([cue('talk', { line: -1 })], 1)[0]?.isTop).toBe(false);
  });
});

describe('the store', () => {
  it('hides what it has while subtitles are off', () => {
    const store = new CueStore(() => undefined);
    store.append([cue('one')]);
    expect(store.visible).toEqual([]);
    store.setTextVisibility(true);
    expect(store.visible).toHaveLength(1);
  });

  it('takes a cue once, however often a segment brings it', () => {
    const store = new CueStore(() => undefined);
    store.append([cue('one')]);
    store.append([cue('one'), cue('two')]);
    expect(store.cues).toHaveLength(2);
  });

  it('forgets what overlaps a range, and tells', () => {
    let changes = 0;
    const store = new CueStore(() => (changes += 1));
    store.append([cue('one', { endTime: 4 }), cue('two', { startTime: 4, endTime: 8 })]);
    store.remove(5, 9);
    expect(store.cues.map((item) => item.payload)).toEqual(['one']);
    expect(changes).toBe(2);
  });
});
