import { describe, expect, it } from 'vitest';
import { displaySize, isBegun, isSeen, nameOf, playHref, playLabel, whereLeftOff } from '../../src/lib/browse/card.ts';
import { aCard } from '../cards.ts';

const episode = aCard({ kind: 'episode', title: 'Room 408', show_title: 'Nine Miles of Rain', season: 2, episode: 3 });

describe('a card', () => {
  it('names the episode that its button starts', () => {
    expect(playLabel(aCard())).toBe('Play');
    expect(playLabel(aCard({ position_s: 60, progress: 0.01 }))).toBe('Resume');
    expect(playLabel(episode)).toBe('Play S2 E3');
    expect(playLabel({ ...episode, position_s: 60, progress: 0.3 })).toBe('Resume S2 E3');
  });

  it('starts a seen title over', () => {
    const seen = aCard({ position_s: 5900, progress: 0.98 });
    expect([isSeen(seen), isBegun(seen), playLabel(seen)]).toEqual([true, false, 'Play']);
  });

  it('goes by its show', () => {
    expect(nameOf(episode)).toBe('Nine Miles of Rain');
    expect(nameOf(aCard())).toBe('Meridian');
  });

  it('says where the viewer left off', () => {
    expect(whereLeftOff({ ...episode, duration_s: 2580, position_s: 1541 })).toBe('S2 E3 · 18 min left');
  });

  it('plays what the server says, or itself', () => {
    expect(playHref(aCard({ play_id: 'title_9' }))).toBe('/watch/title_9');
    expect(playHref(aCard({ play_id: '' }))).toBe('/watch/title_1');
  });

  it('sets long titles smaller', () => {
    expect(displaySize('Aphelion')).toBe('short');
    expect(displaySize('What the Cedars Kept from Us in May')).toBe('medium');
    expect(displaySize('A Very Long Title That Somebody Was Very Proud of Indeed')).toBe('long');
  });
});
