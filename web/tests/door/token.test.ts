import { describe, expect, it } from 'vitest';
import { tokenOf } from '../../src/lib/door/token.ts';

describe('the first-run link', () => {
  it('carries its token in the fragment', () => {
    expect(tokenOf('#token=mVUo-x_1')).toBe('mVUo-x_1');
  });

  it.each(['', '#', '#other=1', '#token='])('is incomplete as %j', (fragment) => {
    expect(tokenOf(fragment)).toBe('');
  });
});
