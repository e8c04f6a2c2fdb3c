/**
 * What is in a message: text, and links in it. Pure.
 * @module chat-text
 */

/** Longer addresses stay text. */
const LONGEST_LINK = 2_048;
/** More links than this in one message stay text. */
const MOST_LINKS = 50;
/** What ends a sentence belongs to it, not to the address before. */
const SENTENCE_END = /[.,;:!?'"»”’…]+$/;

/**
 * Takes a text apart. Only `http` and `https` addresses without a user name become links, exactly as they are written:
 * what is shown is where it leads.
 *
 * @param {string} text
 * @returns {{text: string, href: string|null}[]}
 */
export function parts(text) {
  const found = [];
  let rest = 0;
  let links = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"'`\u2066-\u2069\u202a-\u202e]+/gi)) {
    if (links === MOST_LINKS) break;
    const written = trimmed(match[0]);
    const href = address(written);
    if (!href) continue;
    if (match.index > rest) found.push({ text: text.slice(rest, match.index), href: null });
    found.push({ text: written, href });
    links += 1;
    rest = match.index + written.length;
  }
  if (rest < text.length || found.length === 0) found.push({ text: text.slice(rest), href: null });
  return found;
}

/** Without what closes the sentence or the bracket around it. */
function trimmed(written) {
  let link = written;
  for (;;) {
    const before = link;
    link = link.replace(SENTENCE_END, '');
    for (const [open, close] of ['()', '[]', '{}']) {
      if (link.endsWith(close) && link.split(close).length > link.split(open).length) link = link.slice(0, -1);
    }
    if (link === before) return link;
  }
}

function address(written) {
  if (written.length > LONGEST_LINK) return null;
  try {
    const url = new URL(written);
    const plain = (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
    return plain && url.hostname !== '' ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * The part of a long list that is in the page.
 *
 * Sticks to the end until somebody scrolls up; then older ones come in steps, and the newest leave when there are too many.
 */
export class Window {
  #step;
  #most;
  start = 0;
  end = 0;

  /** @param {{step: number, most: number}} options `most` entries are in the page at one time */
  constructor({ step, most }) {
    this.#step = step;
    this.#most = most;
  }

  /** The newest. @param {number} length of the list */
  toEnd(length) {
    this.end = length;
    this.start = Math.max(0, length - this.#step);
  }

  /** The list has grown while its end is in view: nothing is taken from under the reader's eyes but the oldest. */
  follow(length) {
    this.end = length;
    this.start = Math.max(this.start, length - this.#most);
  }

  /** @returns {boolean} whether there were older ones */
  older() {
    if (this.start === 0) return false;
    this.start = Math.max(0, this.start - this.#step);
    this.end = Math.min(this.end, this.start + this.#most);
    return true;
  }

  /** @param {number} length @returns {boolean} whether there were newer ones */
  newer(length) {
    if (this.end >= length) return false;
    this.end = Math.min(length, this.end + this.#step);
    this.start = Math.max(this.start, this.end - this.#most);
    return true;
  }
}
