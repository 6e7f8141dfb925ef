import { describe, expect, it } from 'vitest';
import { facetsOf, narrow, NOTHING_CHOSEN, toggled } from '../../src/lib/search/facets.ts';
import { marked } from '../../src/lib/search/marks.ts';
import { aCard } from '../cards.ts';

const cards = [
  aCard({ id: 'a', genres: ['Drama'], year: 2021 }),
  aCard({ id: 'b', genres: ['Drama', 'Noir'], year: 2019 }),
  aCard({ id: 'c', kind: 'show', genres: ['Noir'], year: null }),
];
const countsOf = (name: string, chosen = NOTHING_CHOSEN) =>
  Object.fromEntries(facetsOf(cards, chosen).find((facet) => facet.name === name)?.values.map(({ value, count }) => [value, count]) ?? []);

describe('facets', () => {
  it('count what was found', () => {
    expect(countsOf('kind')).toEqual({ film: 2, show: 1 });
    expect(countsOf('genre')).toEqual({ Drama: 2, Noir: 2 });
    expect(countsOf('decade')).toEqual({ 2020: 1, 2010: 1 });
  });

  it('narrow within each other and widen among themselves', () => {
    const chosen = toggled(toggled(NOTHING_CHOSEN, 'kind', 'film'), 'genre', 'Noir');
    expect(narrow(cards, chosen).map((card) => card.id)).toEqual(['b']);
    expect(narrow(cards, toggled(chosen, 'genre', 'Drama')).map((card) => card.id)).toEqual(['a', 'b']);
  });

  it('say what choosing would give', () => {
    const chosen = toggled(NOTHING_CHOSEN, 'kind', 'show');
    expect(countsOf('genre', chosen)).toEqual({ Noir: 1 });
    expect(countsOf('kind', chosen)).toEqual({ film: 2, show: 1 });
  });

  it('are given up as they were chosen', () => {
    const chosen = toggled(NOTHING_CHOSEN, 'genre', 'Noir');
    expect(toggled(chosen, 'genre', 'Noir')).toEqual(NOTHING_CHOSEN);
  });
});

describe('marks', () => {
  it('are on the words that the query begins', () => {
    const parts = marked('The Lamplighter’s Winter', 'lamp winter');
    expect(parts.filter((part) => part.isMarked).map((part) => part.text)).toEqual(['Lamplighter’s', 'Winter']);
    expect(parts.map((part) => part.text).join('')).toBe('The Lamplighter’s Winter');
  });

  it('are nowhere for a letter alone', () => {
    expect(marked('Aphelion', 'a')).toEqual([{ text: 'Aphelion', isMarked: false }]);
  });
});
