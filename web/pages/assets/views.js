/**
 * What is seen of the pictures on this page: their sizes, which of them stand large, which are out of sight. The service
 * sends no more of a picture than that.
 * @module views
 */

/** Pause after the last change before it is told, in milliseconds: resizing a window is many changes. */
const SETTLE_MS = 200;
/** After the first change it is told in this time, also when there is always another one, in milliseconds. */
const LATEST_MS = 500;
/** How long a page is in the background before its pictures count as unseen, in milliseconds. */
const BACKGROUND_MS = 3_000;
/** Sizes are rounded up to multiples of this many pixels, so that a scroll bar makes no difference. */
const STEP_PX = 16;

/**
 * A picture that is received.
 * @typedef {{trackId: string, element: Element|null, pinned: boolean}} Picture `element` shows it; null: nothing does
 *
 * As the signaling protocol has it.
 * @typedef {{trackId: string, width?: number, height?: number, pinned?: boolean, hidden?: boolean}} View
 */

/** Keeps somebody told of what is seen. */
export class Views {
  #tell;
  /** @type {Map<string, Picture>} */
  #pictures = new Map();
  /** Sizes in CSS pixels. @type {Map<Element, {width: number, height: number}>} */
  #sizes = new Map();
  /** @type {Map<Element, boolean>} */
  #inSight = new Map();
  #told = '';
  #settling = 0;
  /** When the first change came that has not been told. */
  #since = 0;
  #leaving = 0;
  #background = false;
  #resize = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) this.#sizes.set(target, contentRect);
    this.#changed();
  });
  #intersection = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) this.#inSight.set(target, isIntersecting);
    this.#changed();
  });
  #onVisibility = () => this.#visibility();

  /** @param {(views: View[]) => void} tell is called with the whole list whenever it is another one */
  constructor(tell) {
    this.#tell = tell;
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#visibility();
  }

  /** @param {Iterable<Picture>} pictures all that are received */
  update(pictures) {
    this.#pictures = new Map([...pictures].map((picture) => [picture.trackId, picture]));
    const shown = new Set([...this.#pictures.values()].map(({ element }) => element).filter(Boolean));
    for (const element of [...this.#sizes.keys()]) if (!shown.has(element)) this.#forget(element);
    for (const element of shown) {
      if (this.#sizes.has(element)) continue;
      this.#sizes.set(element, { width: 0, height: 0 });
      this.#resize.observe(element);
      this.#intersection.observe(element);
    }
    this.#changed();
  }

  close() {
    clearTimeout(this.#settling);
    clearTimeout(this.#leaving);
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.#resize.disconnect();
    this.#intersection.disconnect();
  }

  #forget(element) {
    this.#sizes.delete(element);
    this.#inSight.delete(element);
    this.#resize.unobserve(element);
    this.#intersection.unobserve(element);
  }

  /** Whoever looks at another tab for a moment finds everything as it was. */
  #visibility() {
    clearTimeout(this.#leaving);
    if (document.visibilityState === 'visible') {
      this.#background = false;
      this.#changed();
      return;
    }
    this.#leaving = setTimeout(() => {
      this.#background = true;
      this.#changed();
    }, BACKGROUND_MS);
  }

  #changed() {
    const now = performance.now();
    if (this.#settling === 0) this.#since = now;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#settling = 0;
      const views = [...this.#pictures.values()].map((picture) => this.#view(picture));
      const text = JSON.stringify(views);
      if (text === this.#told) return;
      this.#told = text;
      this.#tell(views);
    }, Math.max(0, Math.min(SETTLE_MS, this.#since + LATEST_MS - now)));
  }

  #view({ trackId, element, pinned }) {
    // Until the first look, an element counts as seen.
    if (!element || this.#background || this.#inSight.get(element) === false) return { trackId, hidden: true };
    const { width, height } = this.#sizes.get(element) ?? { width: 0, height: 0 };
    const pixels = (size) => Math.ceil((size * devicePixelRatio) / STEP_PX) * STEP_PX;
    return { trackId, width: pixels(width), height: pixels(height), pinned };
  }
}
