import { describe, expect, it } from 'vitest';
import { comingTo, genresOf, listingOf } from '../../src/lib/browse/listing.ts';
import { aCard, aHome, aPreparing } from '../cards.ts';

describe('what is on its way to a shelf', () => {
  const home = aHome([aPreparing({ title: 'Rain' }), aPreparing({ kind: 'episode', title: 'Harbour: Fog' })]);
  const titles = (kind?: 'film' | 'show') => comingTo(kind ? { kind } : {}, home).preparing.map(({ title }) => title);

  it('is of its kind; an episode comes to the series', () => {
    expect(titles('film')).toEqual(['Rain']);
    expect(titles('show')).toEqual(['Harbour: Fog']);
    expect(titles()).toEqual(['Rain', 'Harbour: Fog']);
  });

  it('is counted', () => {
    expect(comingTo({ kind: 'show' }, home).coming).toBe(1);
  });
});

describe('a list of titles', () => {
  it('is what its address says', () => {
    expect(listingOf(new URLSearchParams('genre=Drama&sort=new'), { kind: 'film', sort: 'title' })).toEqual({
      kind: 'film',
      genre: 'Drama',
      sort: 'new',
    });
    expect(listingOf(new URLSearchParams('sort=worst'), { sort: 'title' })).toEqual({ sort: 'title' });
  });

  it('offers the frequent genres first', () => {
    const cards = [aCard({ genres: ['Noir', 'Drama'] }), aCard({ genres: ['Drama'] }), aCard({ genres: ['Action'] })];
    expect(genresOf(cards)).toEqual(['Drama', 'Action', 'Noir']);
  });
});
