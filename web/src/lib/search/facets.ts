/** What found titles can be narrowed by, with counts. Pure. */
import type { Card } from '../api/types.ts';

export type FacetName = 'kind' | 'genre' | 'decade';
export type Chosen = Record<FacetName, readonly string[]>;

export interface Facet {
  name: FacetName;
  values: { value: string; count: number }[];
}

export const NOTHING_CHOSEN: Chosen = { kind: [], genre: [], decade: [] };
const VALUES_MAX = 6;
const NAMES: readonly FacetName[] = ['kind', 'genre', 'decade'];

function valuesOf(card: Card, name: FacetName): string[] {
  switch (name) {
    case 'kind':
      return [card.kind];
    case 'genre':
      return card.genres;
    case 'decade':
      return card.year === null ? [] : [String(Math.floor(card.year / 10) * 10)];
  }
}

function matches(card: Card, chosen: Chosen, except?: FacetName): boolean {
  return NAMES.every((name) => {
    const wanted = chosen[name];
    return name === except || wanted.length === 0 || valuesOf(card, name).some((value) => wanted.includes(value));
  });
}

/** The cards that have one of the chosen values of every facet that has any. */
export function narrow(cards: readonly Card[], chosen: Chosen): Card[] {
  return cards.filter((card) => matches(card, chosen));
}

/** Each facet with the counts that choosing a value would give; facets without values are left out. */
export function facetsOf(cards: readonly Card[], chosen: Chosen): Facet[] {
  return NAMES.map((name) => ({ name, values: countsOf(cards.filter((card) => matches(card, chosen, name)), name) })).filter(
    (facet) => facet.values.length > 0,
  );
}

function countsOf(cards: readonly Card[], name: FacetName): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const value of cards.flatMap((card) => valuesOf(card, name))) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => (name === 'decade' ? Number(b.value) - Number(a.value) : b.count - a.count))
    .slice(0, VALUES_MAX);
}

/** `chosen` with `value` added, or taken away where it was. */
export function toggled(chosen: Chosen, name: FacetName, value: string): Chosen {
  const values = chosen[name];
  return { ...chosen, [name]: values.includes(value) ? values.filter((other) => other !== value) : [...values, value] };
}
