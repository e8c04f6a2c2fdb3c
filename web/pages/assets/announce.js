/**
 * Short messages: seen as toasts, heard by screen readers.
 * @module announce
 */

import { h } from './dom.js';

const SHOWN_MS = 6_000;

/** @type {HTMLElement|null} */
let region = null;
/** @type {HTMLElement|null} */
let spoken = null;

/** The live regions have to be in the page before something is put into them. */
function regions() {
  if (!region) {
    region = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
    spoken = h('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
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
  let timer = setTimeout(() => element.remove(), SHOWN_MS);
  element.addEventListener('pointerenter', () => clearTimeout(timer));
  element.addEventListener('pointerleave', () => {
    timer = setTimeout(() => element.remove(), SHOWN_MS / 2);
  });
}

/**
 * Only for screen readers: what others can see anyway.
 * @param {string} text
 */
export function say(text) {
  regions().spoken.textContent = text;
}
