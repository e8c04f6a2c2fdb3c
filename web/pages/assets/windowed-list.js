/**
 * A list that has only those rows in the page that can be seen, so that hundreds cost no more than dozens.
 * @module windowed-list
 */

import { arrange, h, keepFocus, setAttribute } from './dom.js';

/** Up to this many, all rows are there; find-in-page finds them, too. */
const ALL = 60;
/** Rows beyond both edges of what is seen. */
const MARGIN = 8;
/** Rows while the list is out of sight. */
const UNSEEN = 20;

/**
 * @template {{id: string}} T
 */
export class WindowedList {
  #make;
  #fallback;
  /** @type {T[]} */
  #items = [];
  /** Rows in the page, by the ids of their items. @type {Map<string, {element: HTMLElement, update: (item: T) => void}>} */
  #rows = new Map();
  #list;
  /** Of a row, in pixels; all are equally high when not all are there. */
  #height = 0;
  #asked = 0;

  /**
   * @param {object} options
   * @param {string} options.class of the list
   * @param {(item: T) => {element: HTMLElement, update: (item: T) => void}} options.row makes a row; it is updated at once
   * @param {HTMLElement} options.fallback gets the focus when the row that had it is gone and there is none in its place
   */
  constructor({ class: name, row, fallback }) {
    this.#make = row;
    this.#fallback = fallback;
    this.#list = h('ul', { class: name, role: 'list' });
    this.element = h('div', { class: 'windowed', on: { scroll: () => this.#soon() } }, this.#list);
    new ResizeObserver(() => this.#soon()).observe(this.element);
  }

  /** @param {T[]} items in their order */
  show(items) {
    this.#items = items;
    this.#draw();
  }

  /**
   * The row of an item, if it is in the page.
   * @param {string} id
   */
  row(id) {
    return this.#rows.get(id);
  }

  /** While somebody scrolls: once for each picture that is drawn. */
  #soon() {
    if (this.#items.length <= ALL) return;
    cancelAnimationFrame(this.#asked);
    this.#asked = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const cut = this.#items.length > ALL;
    const [from, to] = cut ? this.#seen() : [0, this.#items.length];
    const rows = new Map();
    const elements = [];
    this.#items.forEach((item, index) => {
      const old = this.#rows.get(item.id);
      // A row with the focus stays, wherever the list was scrolled to.
      const wanted = (index >= from && index < to) || old?.element.contains(document.activeElement);
      if (!wanted) return;
      const row = old ?? this.#make(item);
      row.update(item);
      this.#stand(row.element, index, cut);
      rows.set(item.id, row);
      elements.push(row.element);
    });
    this.#rows = rows;
    keepFocus(this.#list, this.#fallback, () => arrange(this.#list, elements));
    this.#list.classList.toggle('cut', cut);
    const measured = cut ? (elements[0]?.offsetHeight ?? 0) : 0;
    const changed = measured > 0 && measured !== this.#height;
    this.#height = measured || this.#height;
    this.#list.style.setProperty('--rows', String(this.#items.length));
    // The first look tells how high a row is; from then on it is known how many are seen.
    if (changed) this.#draw();
  }

  /** @returns {[number, number]} the first row, and the one behind the last */
  #seen() {
    const { scrollTop, clientHeight } = this.element;
    if (this.#height === 0 || clientHeight === 0) return [0, UNSEEN];
    const first = Math.floor(scrollTop / this.#height);
    return [first - MARGIN, first + Math.ceil(clientHeight / this.#height) + MARGIN];
  }

  #stand(element, index, cut) {
    setAttribute(element, 'aria-posinset', cut ? String(index + 1) : null);
    setAttribute(element, 'aria-setsize', cut ? String(this.#items.length) : null);
    if (cut) element.style.setProperty('--row', String(index));
  }
}
