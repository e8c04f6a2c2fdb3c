/**
 * A button that opens a menu of actions: by pointer, and by keyboard as in menus of desktop programs.
 * @module menu
 */

import { h, setAttribute } from './dom.js';
import { icon } from './icons.js';

/** Pixels between the button and its menu, and between the menu and the window's edge. */
const GAP_PX = 6;
/** Typed letters that come within this time of each other look for one word, in milliseconds. */
const TYPING_MS = 700;

/**
 * @typedef {object} Item
 * @property {string} testid
 * @property {string} text
 * @property {string} [label] for screen readers, where the text is a symbol
 * @property {() => void} action
 * @property {boolean} [disabled] can be reached, so that `title` says why, and does nothing
 * @property {boolean} [checked] for what is switched on and off
 * @property {string} [title]
 * @property {boolean} [danger] for what cannot be taken back
 */

/**
 * The menu lies above everything else on the page, wherever its button stands. Arrows, Home, End and first letters move in
 * it; Escape, Tab and a click elsewhere close it; focus goes back to the button.
 *
 * @param {object} options
 * @param {string} options.label for screen readers, and as tooltip
 * @param {string} options.symbol name of the icon
 * @param {string} options.testid of the button
 * @param {string} [options.text] below the icon
 * @param {() => Item[]} options.items asked whenever it opens
 * @returns {HTMLElement}
 */
export function menu({ label, symbol, testid, text = '', items }) {
  const list = h('div', { class: 'menu-list', role: 'menu', popover: 'auto', 'aria-label': label });
  const button = h(
    'button',
    { type: 'button', class: text ? 'tool' : 'quiet square', testid, title: label, 'aria-label': label, 'aria-haspopup': 'menu', 'aria-expanded': 'false', data: { symbol } },
    icon(symbol),
    text && h('span', { class: 'tool-label', text }),
  );
  // The browser opens and closes: it knows that a click on the button is not one elsewhere.
  button.popoverTargetElement = list;
  list.addEventListener('beforetoggle', ({ newState }) => {
    if (newState === 'open') list.replaceChildren(...items().map((item) => entry(item, () => close())));
    setAttribute(button, 'aria-expanded', String(newState === 'open'));
  });
  list.addEventListener('toggle', ({ newState }) => {
    list.classList.toggle('placed', newState === 'open');
    if (newState !== 'open') {
      list.replaceChildren();
      return;
    }
    place(list, button);
    move(list, 0);
  });
  button.addEventListener('keydown', (event) => {
    if (!['ArrowDown', 'ArrowUp'].includes(event.key)) return;
    event.preventDefault();
    list.showPopover();
  });
  list.addEventListener('keydown', (event) => {
    if (event.key === 'Tab') close();
    else if (keys(list, event)) event.preventDefault();
    // Keys of the page do not count while a menu is open.
    event.stopPropagation();
  });

  function close() {
    if (list.matches(':popover-open')) list.hidePopover();
    if (button.isConnected) button.focus({ preventScroll: true });
  }

  return h('div', { class: 'menu' }, button, list);
}

/**
 * Changes the label of a menu's button.
 * @param {HTMLElement} element from {@link menu}
 * @param {string} label
 * @param {string} [title]
 */
export function labelMenu(element, label, title = label) {
  const button = element.querySelector('button');
  setAttribute(button, 'aria-label', label);
  setAttribute(button, 'title', title);
  setAttribute(element.querySelector('[role="menu"]'), 'aria-label', label);
}

function entry({ testid, text, label, action, disabled = false, checked, title, danger = false }, close) {
  return h('button', {
    type: 'button',
    class: danger ? 'menu-item menu-danger' : 'menu-item',
    role: checked === undefined ? 'menuitem' : 'menuitemcheckbox',
    tabindex: '-1',
    testid,
    text,
    title,
    'aria-label': label,
    'aria-disabled': disabled ? 'true' : null,
    'aria-checked': checked === undefined ? null : String(checked),
    on: {
      click: () => {
        if (disabled) return;
        close();
        action();
      },
    },
  });
}

/** Below the button where there is room, else above; never beyond the window. */
function place(list, button) {
  const from = button.getBoundingClientRect();
  const { width, height } = list.getBoundingClientRect();
  const below = from.bottom + GAP_PX + height <= innerHeight - GAP_PX;
  const top = below ? from.bottom + GAP_PX : Math.max(GAP_PX, from.top - GAP_PX - height);
  const right = Math.min(from.right, innerWidth - GAP_PX);
  list.style.setProperty('left', `${Math.max(GAP_PX, right - width)}px`);
  list.style.setProperty('top', `${top}px`);
}

let typed = '';
let typedAt = 0;

/** @returns {boolean} whether the key was meant for the menu */
function keys(list, { key, timeStamp, ctrlKey, altKey, metaKey }) {
  const all = [...list.children];
  const at = all.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[key];
  if (step) return move(list, (at + step + all.length) % all.length);
  if (key === 'Home') return move(list, 0);
  if (key === 'End') return move(list, all.length - 1);
  if (key.length !== 1 || key === ' ' || ctrlKey || altKey || metaKey) return false;
  typed = timeStamp - typedAt > TYPING_MS ? key : typed + key;
  typedAt = timeStamp;
  const word = typed.toLocaleLowerCase();
  // One letter goes on to the next item that begins with it.
  const order = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  const found = (typed.length > 1 ? all : order).find((item) => item.textContent.toLocaleLowerCase().startsWith(word));
  return found ? move(list, all.indexOf(found)) : true;
}

function move(list, index) {
  list.children[index]?.focus({ preventScroll: false });
  return true;
}
