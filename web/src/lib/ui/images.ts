/** Addresses of pictures at the widths that the server keeps, and the blurred preview under them. */
import { thumbHashToDataURL } from 'thumbhash';
import type { Picture } from '../api/types.ts';

export const WIDTHS = [320, 640, 1280] as const;

export function imageUrl(picture: Picture, width?: (typeof WIDTHS)[number]): string {
  const path = `/images/${encodeURIComponent(picture.name)}`;
  return width ? `${path}?w=${String(width)}` : path;
}

/** All widths up to the picture's own, then the picture itself. */
export function srcset(picture: Picture): string {
  const smaller = WIDTHS.filter((width) => width < picture.width).map((width) => `${imageUrl(picture, width)} ${String(width)}w`);
  return [...smaller, `${imageUrl(picture)} ${String(picture.width)}w`].join(', ');
}

const previews = new Map<string, string>();

/** A data URL of the ThumbHash, or '' when there is none or it is damaged. */
export function preview(hash: string): string {
  const known = previews.get(hash);
  if (known !== undefined) return known;
  const url = decode(hash);
  previews.set(hash, url);
  return url;
}

function decode(hash: string): string {
  if (hash === '') return '';
  try {
    return thumbHashToDataURL(Uint8Array.from(atob(hash), (char) => char.charCodeAt(0)));
  } catch {
    return '';
  }
}
