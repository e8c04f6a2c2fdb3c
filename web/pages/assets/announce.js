/**
 * Short messages: seen as toasts, heard by screen readers.
 * @module announce
 */

import { h } from './dom.js';
import { formatList, t } from './i18n.js';

const SHOWN_MS = 6_000;
/** What happens within this time is said in one go, in milliseconds. */
const BATCH_MS = 1_000;
/** How long a text stays where screen readers find it, in milliseconds; they have read it by then. */
const SPOKEN_MS = 10_000;
/** Most names in one announcement; the others are counted. */
const NAMES = 3;

/** @type {HTMLElement|null} */
let region = null;
/** @type {HTMLElement|null} */
let spoken = null;

/** The live regions have to be in the page before something is put into them. */
function regions() {
  if (!region) {
    region = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite', 'aria-atomic': 'false' });
    // A log, not a status: what is new is read, and what was read is not read again.
    spoken = h('div', { class: 'visually-hidden', role: 'log', 'aria-live': 'polite', testid: 'spoken' });
    document.body.append(region, spoken);
  }
  return { region, spoken };
}

/** Prepares the live regions; call once when the page starts. */
export function prepareAnnouncements() {
  regions();
}

/**
 * Shows a message for a few seconds; it stays while the pointer is on it.
 * @param {string} text
 */
export function toast(text) {
  const element = h('p', { class: 'toast', text });
  regions().region.append(element);
  const remove = () => element.remove();
  let timer = setTimeout(remove, SHOWN_MS);
  element.addEventListener('pointerenter', () => clearTimeout(timer));
  element.addEventListener('pointerleave', () => {
    timer = setTimeout(remove, SHOWN_MS / 2);
  });
}

/**
 * Only for screen readers: what others can see anyway.
 * @param {string} text
 */
export function say(text) {
  const element = h('p', { text });
  regions().spoken.append(element);
  setTimeout(() => element.remove(), SPOKEN_MS);
}

/**
 * Says of several people what they did at about the same time, once: in a large meeting dozens come in a second.
 */
export class Batch {
  #message;
  /** @type {string[]} */
  #names = [];
  #timer = 0;

  /** @param {(people: string, count: number) => string} message for "Ann, Bo and 3 others", and how many they are */
  constructor(message) {
    this.#message = message;
  }

  /** @param {string} name */
  add(name) {
    this.#names.push(name);
    if (!this.#timer) this.#timer = setTimeout(() => this.#flush(), BATCH_MS);
  }

  /** Says nothing of what has come together so far. */
  drop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#names = [];
  }

  #flush() {
    const names = this.#names;
    this.drop();
    say(this.#message(somePeople(names), names.length));
  }
}

/**
 * "Ann, Bo and 3 others".
 * @param {string[]} names
 * @param {number} [count] how many they are, if more than have a name here
 */
export function somePeople(names, count = names.length) {
  const shown = names.length > NAMES ? names.slice(0, NAMES - 1) : names.slice();
  const more = count - shown.length;
  return formatList(more > 0 ? [...shown, t('common-others', { count: more })] : shown);
}

/**
 * Who came and went, where the meeting announces it.
 * @param {import('./session.js').Announcement} announcement
 * @returns {string}
 */
export function announcementText({ entered, left, enteredCount, leftCount }) {
  const parts = [];
  if (enteredCount > 0) parts.push(t('people-said-joined', { people: somePeople(entered, enteredCount), count: enteredCount }));
  if (leftCount > 0) parts.push(t('people-said-left', { people: somePeople(left, leftCount), count: leftCount }));
  return parts.join(' ');
}
