/** Media keys, lock screens and headphones. */
import type { Played } from '../api/types.ts';
import { episodeOf, nameOf } from '../browse/card.ts';
import { imageUrl } from '../ui/images.ts';
import type { Playback } from './playback.svelte.ts';
import { JUMP_S } from './keys.ts';

const ACTIONS = ['play', 'pause', 'seekbackward', 'seekforward', 'seekto', 'nexttrack'] as const;

/** Tells the system what plays and listens to its keys; answers how to stop both. */
export function announce(card: Played, playback: Playback, onnext: (() => void) | null): () => void {
  if (!('mediaSession' in navigator)) return () => undefined;
  const session = navigator.mediaSession;
  const picture = card.still;
  session.metadata = new MediaMetadata({
    title: card.title,
    artist: card.show_title !== '' ? [nameOf(card), episodeOf(card)].filter(Boolean).join(' · ') : '',
    artwork: picture ? [{ src: imageUrl(picture, 640), sizes: '640x360', type: 'image/webp' }] : [],
  });
  session.setActionHandler('play', () => void playback.play());
  session.setActionHandler('pause', () => {
    playback.pause();
  });
  session.setActionHandler('seekbackward', ({ seekOffset }) => {
    playback.seekBy(-(seekOffset ?? JUMP_S));
  });
  session.setActionHandler('seekforward', ({ seekOffset }) => {
    playback.seekBy(seekOffset ?? JUMP_S);
  });
  session.setActionHandler('seekto', ({ seekTime }) => {
    if (seekTime !== undefined) playback.seek(seekTime);
  });
  session.setActionHandler('nexttrack', onnext);
  return () => {
    session.metadata = null;
    for (const action of ACTIONS) session.setActionHandler(action, null);
  };
}
