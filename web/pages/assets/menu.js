/**
 * A button that opens a list of actions.
 * @module menu
 */

import { h } from './dom.js';
import { icon } from './icons.js';

/**
 * @typedef {{testid: string, text: string, action: () => void, disabled?: boolean, checked?: boolean, title?: string}} Item
 */

/**
 * A disclosure: the list is in the tab order behind its button, Escape and a click elsewhere close it.
 *
 * @param {object} options
 * @param {string} options.label for screen readers, and as tooltip
 * @param {string} options.symbol name of the icon
 * @param {string} options.testid of the button
 * @param {string} [options.text] below the icon
 * @param {() => Item[]} options.items asked whenever it opens
 * @returns {HTMLDetailsElement}
 */
export function menu({ label, symbol, testid, text = '', items }) {
  const list = h('div', { class: 'menu-list', role: 'group', 'aria-label': label });
  const summary = h(
    'summary',
    { class: text ? 'tool' : 'quiet square', testid, title: label, 'aria-label': label },
    icon(symbol),
    text && h('span', { class: 'tool-label', text }),
  );
  const details = h('details', { class: 'menu' }, summary, list);
  const close = () => {
    details.open = false;
  };
  const elsewhere = (event) => {
    if (!details.contains(event.target)) close();
  };
  details.addEventListener('toggle', () => {
    if (!details.open) {
      document.removeEventListener('pointerdown', elsewhere);
      list.replaceChildren();
      return;
    }
    document.addEventListener('pointerdown', elsewhere);
    list.replaceChildren(...items().map((item) => entry(item, close)));
  });
  details.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !details.open) return;
    event.stopPropagation();
    close();
    summary.focus();
  });
  return details;
}

function entry({ testid, text, action, disabled = false, checked, title }, close) {
  const pressed = checked === undefined ? null : String(checked);
  return h('button', {
    type: 'button',
    class: 'menu-item',
    testid,
    text,
    title,
    disabled,
    'aria-pressed': pressed,
    on: {
      click: () => {
        close();
        action();
      },
    },
  });
}
