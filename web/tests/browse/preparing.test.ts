import { describe, expect, it } from 'vitest';
import { nextPlaces, type Place } from '../../src/lib/browse/preparing.ts';
import type { Home } from '../../src/lib/api/types.ts';
import { aCard, aHome, aPreparing } from '../cards.ts';

const watch = (...homes: Home[]) => homes.reduce<Place[]>((places, home) => nextPlaces(places, home), []);

describe('the programme', () => {
  it('shows every title on its way, in order', () => {
    const places = watch(aHome([aPreparing({ job_id: 'a', title: 'A' }), aPreparing({ job_id: 'b', title: 'B' })]));
    expect(places.map((place) => place.id)).toEqual(['a', 'b']);
  });

  it('gives two titles without an id two places', () => {
    const both = [aPreparing({ job_id: 'a', title: 'A' }), aPreparing({ job_id: 'b', title: 'B' })];
    expect(watch(aHome(both), aHome(both))).toHaveLength(2);
  });

  it('keeps the place of a title from its first job to its next', () => {
    const places = watch(
      aHome([aPreparing({ job_id: 'make' }), aPreparing({ job_id: 'b', title: 'B' })]),
      aHome([aPreparing({ job_id: 'b', title: 'B' })]),
      aHome([aPreparing({ job_id: 'b', title: 'B' }), aPreparing({ job_id: 'encode', title_id: 'title_1', stage: 'inspect' })]),
    );
    expect(places.map((place) => place.id)).toEqual(['make', 'b']);
    expect(places[0]?.preparing.stage).toBe('inspect');
  });

  it('turns a place into a poster when the title is ready, and keeps it', () => {
    const ready = aHome([], [aCard()]);
    const places = watch(aHome([aPreparing({ title_id: 'title_1' })]), ready, ready, ready, ready, ready);
    expect(places[0]?.card?.id).toBe('title_1');
  });

  it('gives up a title that has been away for long', () => {
    const nothing = aHome([]);
    expect(watch(aHome([aPreparing()]), nothing)).toHaveLength(1);
    expect(watch(aHome([aPreparing()]), nothing, nothing, nothing, nothing)).toHaveLength(0);
  });

  it('finds the opening film too', () => {
    const home = { ...aHome([]), hero: aCard() };
    expect(watch(aHome([aPreparing({ title_id: 'title_1' })]), home)[0]?.card?.title).toBe('Meridian');
  });
});
