import { describe, expect, it } from 'vitest';
import { cropPosition } from '../../src/lib/ui/crop.ts';
import { preview, srcset } from '../../src/lib/ui/images.ts';

const still = { width: 1600, height: 900, focus: [0.7, 0.5] as [number, number] };

/** Which part of the picture's width a poster shows at a CSS position: from, to. */
function shown(position: string, visible: number): [number, number] {
  const start = (parseFloat(position) / 100) * (1 - visible);
  return [start, start + visible];
}

describe('a crop', () => {
  it('centres the subject', () => {
    const visible = 2 / 3 / (16 / 9);
    const [from, to] = shown(cropPosition(still, 2 / 3), visible);
    expect((from + to) / 2).toBeCloseTo(0.7, 3);
  });

  it('stays on the picture when the subject is at its edge', () => {
    expect(cropPosition({ ...still, focus: [1, 0.5] }, 2 / 3)).toBe('100.0% 50.0%');
    expect(cropPosition({ ...still, focus: [0, 0.5] }, 2 / 3)).toBe('0.0% 50.0%');
  });

  it('cuts height in a wide box', () => {
    expect(cropPosition({ ...still, focus: [0.1, 1] }, 3)).toBe('50.0% 100.0%');
  });

  it('cuts nothing from a picture of the same shape', () => {
    expect(cropPosition(still, 16 / 9)).toBe('50.0% 50.0%');
  });
});

describe('a picture', () => {
  it('is offered in the widths that are smaller than itself', () => {
    expect(srcset({ ...still, width: 800, name: 'a.webp', thumbhash: '' })).toBe(
      '/images/a.webp?w=320 320w, /images/a.webp?w=640 640w, /images/a.webp 800w',
    );
  });

  it('has no preview when its hash is missing or damaged', () => {
    expect(preview('')).toBe('');
    expect(preview('%%%')).toBe('');
  });
});
