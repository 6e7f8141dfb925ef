import { describe, expect, it } from 'vitest';
import { destination } from '../../src/lib/door/destination.ts';

const to = (address: string) => destination(new URLSearchParams({ to: address }));

describe('after signing in', () => {
  it('a viewer is taken where they wanted to go', () => {
    expect(to('/films?sort=new')).toBe('/films?sort=new');
    expect(destination(new URLSearchParams())).toBe('/');
  });

  it.each(['//elsewhere.example', 'https://elsewhere.example', '/\\elsewhere.example', 'javascript:alert(1)', ''])(
    'nobody is taken to %j',
    (address) => {
      expect(to(address)).toBe('/');
    },
  );
});
