/**
 * What is seen of the others' pictures: which of them are shown, how large, and whether they are in sight. It decides what
 * of them is received.
 */

import type { View } from './session/messages.js';
import { Pace } from './session/pace.js';

/** Changes are told at most once in so many milliseconds: resizing a window is many. */
const PACE_MS = 100;
/** How long a page is in the background before its pictures count as unseen, in milliseconds. */
const BACKGROUND_MS = 3_000;
/** Sizes are rounded up to multiples of this many pixels, so that a scroll bar makes no difference. */
const STEP_PX = 16;
/** What is wanted of a picture that the app shows by its own means, in pixels. */
const OWN_MEANS = { width: 1280, height: 720 };

/** The app itself shows the picture, in a place that is not known. */
export const ELSEWHERE = Symbol('elsewhere');

type Place = Element | typeof ELSEWHERE;

export class ShownViews {
  #tell: (views: View[]) => void;
  /** Where each stream is shown, by key. */
  #places = new Map<string, Set<Place>>();
  /** The track of each stream that has one now. */
  #tracks = new Map<string, string>();
  #sizes = new Map<Element, { width: number; height: number }>();
  #outOfSight = new Set<Element>();
  /** Which of them have been in the page: a view is made first, and put there once there is a picture. */
  #placed = new WeakSet<Element>();
  #pace = new Pace<'views'>(PACE_MS, () => this.#report());
  #background = false;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #resize: ResizeObserver | null = null;
  #intersection: IntersectionObserver | null = null;
  #onVisibility = () => this.#visibility();

  constructor(tell: (views: View[]) => void) {
    this.#tell = tell;
    if (typeof document === 'undefined') return;
    this.#resize = new ResizeObserver((entries) => {
      for (const { target, contentRect } of entries) this.#sizes.set(target, contentRect);
      this.#pace.touch('views');
    });
    this.#intersection = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) this.#outOfSight.delete(target);
        else this.#outOfSight.add(target);
      }
      this.#pace.touch('views');
    });
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#visibility();
  }

  show(key: string, place: Place): void {
    const places = this.#places.get(key) ?? new Set();
    this.#places.set(key, places.add(place));
    if (typeof place !== 'symbol') {
      this.#resize?.observe(place);
      this.#intersection?.observe(place);
    }
    this.#pace.touch('views');
  }

  hide(key: string, place: Place): void {
    const places = this.#places.get(key);
    if (!places?.delete(place)) return;
    if (places.size === 0) this.#places.delete(key);
    if (typeof place !== 'symbol') {
      this.#resize?.unobserve(place);
      this.#intersection?.unobserve(place);
      this.#sizes.delete(place);
      this.#outOfSight.delete(place);
    }
    this.#pace.touch('views');
  }

  /** @param trackId of the stream now; empty for none */
  track(key: string, trackId: string): void {
    if ((this.#tracks.get(key) ?? '') === trackId) return;
    if (trackId) this.#tracks.set(key, trackId);
    else this.#tracks.delete(key);
    this.#pace.touch('views');
  }

  close(): void {
    clearTimeout(this.#leaving);
    this.#pace.stop();
    this.#resize?.disconnect();
    this.#intersection?.disconnect();
    if (typeof document !== 'undefined') document.removeEventListener('visibilitychange', this.#onVisibility);
  }

  /** Whoever looks at another tab for a moment finds everything as it was. */
  #visibility(): void {
    clearTimeout(this.#leaving);
    if (document.visibilityState === 'visible') {
      this.#background = false;
      this.#pace.touch('views');
      return;
    }
    this.#leaving = setTimeout(() => {
      // A picture in a window of its own is still seen.
      this.#background = document.pictureInPictureElement == null;
      this.#pace.touch('views');
    }, BACKGROUND_MS);
  }

  #report(): void {
    const views: View[] = [];
    for (const [key, trackId] of this.#tracks) {
      const places = this.#places.get(key);
      views.push({ trackId, ...(places ? this.#seen(places) : { hidden: true }) });
    }
    this.#tell(views);
  }

  #inSight(place: Element): boolean {
    if (place.isConnected) this.#placed.add(place);
    return this.#placed.has(place) ? place.isConnected && !this.#outOfSight.has(place) : true;
  }

  /** The largest place counts. */
  #seen(places: Set<Place>): Omit<View, 'trackId'> {
    let seen = false;
    let best = { width: 0, height: 0 };
    for (const place of places) {
      const own = typeof place === 'symbol';
      if (this.#background || (!own && !this.#inSight(place))) continue;
      seen = true;
      const size = own ? OWN_MEANS : (this.#sizes.get(place) ?? best);
      if (size.width * size.height > best.width * best.height) best = size;
    }
    if (!seen) return { hidden: true };
    const ratio = globalThis.devicePixelRatio ?? 1;
    const pixels = (length: number) => Math.ceil((length * ratio) / STEP_PX) * STEP_PX;
    return { width: pixels(best.width), height: pixels(best.height) };
  }
}
