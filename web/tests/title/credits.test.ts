import { describe, expect, it } from 'vitest';
import type { Person } from '../../src/lib/api/types.ts';
import { credits, headCredits } from '../../src/lib/title/credits.ts';

const people = [
  { name: 'Mira Osei', role: 'cast' as const, character: 'Ilse' },
  { name: 'Ane Torvik', role: 'director' as const, character: '' },
  { name: 'Petter Aune', role: 'cast' as const, character: '' },
];

describe('credits', () => {
  it('come in the order of a title card, without empty roles', () => {
    expect(credits(people)).toEqual([
      { label: 'title.directedBy', names: ['Ane Torvik'] },
      { label: 'title.with', names: ['Mira Osei', 'Petter Aune'] },
    ]);
  });

  it('leave what there is more to say of to the details', () => {
    const labels = (all: Person[]) => headCredits(all).map((credit) => credit.label);
    const as = (character: string) => people.map((person) => ({ ...person, character }));
    expect(labels(as(''))).toContain('title.with');
    expect(labels(as('The keeper'))).toEqual(['title.directedBy']);
    const many = Array.from({ length: 5 }, (_, n): Person => ({ name: `Writer ${String(n)}`, role: 'writer', character: '' }));
    expect(labels([...as(''), ...many])).not.toContain('title.writtenBy');
  });
});
