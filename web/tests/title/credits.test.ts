import { describe, expect, it } from 'vitest';
import { credits } from '../../src/lib/title/credits.ts';

const people = [
  { name: 'Mira Osei', role: 'cast' as const, character: 'Ilse' },
  { name: 'Ane Torvik', role: 'director' as const, character: '' },
  { name: 'Petter Aune', role: 'cast' as const, character: '' },
];

describe('credits', () => {
  it('come in the order of a title card, without empty roles', () => {
    expect(credits(people, 9)).toEqual([
      { label: 'title.directedBy', names: ['Ane Torvik'] },
      { label: 'title.with', names: ['Mira Osei', 'Petter Aune'] },
    ]);
  });

  it('are cut to the first names', () => {
    expect(credits(people, 1).map((credit) => credit.names.length)).toEqual([1, 1]);
  });
});
