import { describe, expect, it } from 'vitest';
import { commandOf, type Key } from '../../src/lib/player/keys.ts';

const press = (key: string, held: Partial<Key> = {}): Key => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...held,
});

describe('keys', () => {
  it.each([
    [' ', { do: 'toggle' }],
    ['k', { do: 'toggle' }],
    ['K', { do: 'toggle' }],
    ['j', { do: 'seekBy', seconds: -10 }],
    ['l', { do: 'seekBy', seconds: 10 }],
    ['ArrowLeft', { do: 'seekBy', seconds: -5 }],
    ['ArrowRight', { do: 'seekBy', seconds: 5 }],
    ['m', { do: 'mute' }],
    ['f', { do: 'fullScreen' }],
    ['c', { do: 'subtitles' }],
    [',', { do: 'step', frames: -1 }],
    ['.', { do: 'step', frames: 1 }],
    ['0', { do: 'seekToShare', share: 0 }],
    ['7', { do: 'seekToShare', share: 0.7 }],
  ])('%j alone', (key, command) => {
    expect(commandOf(press(key))).toEqual(command);
  });

  it.each([
    ['<', { do: 'speedBy', steps: -1 }],
    ['>', { do: 'speedBy', steps: 1 }],
    ['?', { do: 'help' }],
    ['S', { do: 'stats' }],
    ['N', { do: 'episode', offset: 1 }],
    ['P', { do: 'episode', offset: -1 }],
  ])('Shift and %j', (key, command) => {
    expect(commandOf(press(key, { shiftKey: true }))).toEqual(command);
  });

  it('leaves s, n and p alone without Shift', () => {
    expect(['s', 'n', 'p'].map((key) => commandOf(press(key)))).toEqual([null, null, null]);
  });

  it("leaves the browser's own shortcuts alone", () => {
    expect(commandOf(press('f', { ctrlKey: true }))).toBeNull();
    expect(commandOf(press('l', { metaKey: true }))).toBeNull();
    expect(commandOf(press('ArrowLeft', { altKey: true }))).toBeNull();
  });

  it('knows nothing of other keys', () => {
    expect(commandOf(press('x'))).toBeNull();
    expect(commandOf(press('Tab'))).toBeNull();
    expect(commandOf(press('F11'))).toBeNull();
  });
});
