/**
 * Keyboard shortcuts of a call, as people know them from Teams, and the dialog that lists them.
 * @module shortcuts
 */

import { openSheet } from './sheet.js';
import { h } from './dom.js';
import { t, textId } from './i18n.js';

/** Where a key means text, or something of its own. */
const TYPING = 'input, textarea, select, [contenteditable]';
const OWN_SPACE = `${TYPING}, button, summary, a[href], [role="button"], video`;
const MAC = /mac|iphone|ipad/i.test(navigator.platform);

/** Keys are named by their place (`code`), so that they are the same on every keyboard layout. */
const KEYS = [
  { action: 'mute', code: 'KeyM', shown: 'M', text: textId('call-key-mute') },
  { action: 'camera', code: 'KeyO', shown: 'O', text: textId('call-key-camera') },
  { action: 'share', code: 'KeyE', shown: 'E', text: textId('call-key-share') },
  { action: 'hand', code: 'KeyK', shown: 'K', text: textId('call-key-hand') },
];

/**
 * @typedef {object} Actions
 * @property {() => void} mute
 * @property {() => void} camera
 * @property {() => void} share
 * @property {() => void} hand
 * @property {(speaking: boolean) => void} talk while the space bar is down
 */

/** Listens to the whole page until closed. */
export class Shortcuts {
  #actions;
  #talking = false;
  #dialog = null;
  #onDown = (event) => this.#down(event);
  #onUp = (event) => this.#up(event);
  #onBlur = () => this.#quiet();

  /** @param {Actions} actions */
  constructor(actions) {
    this.#actions = actions;
    document.addEventListener('keydown', this.#onDown);
    document.addEventListener('keyup', this.#onUp);
    window.addEventListener('blur', this.#onBlur);
  }

  close() {
    document.removeEventListener('keydown', this.#onDown);
    document.removeEventListener('keyup', this.#onUp);
    window.removeEventListener('blur', this.#onBlur);
    this.#quiet();
    this.#dialog?.close();
  }

  /** The dialog that lists them. */
  show() {
    this.#dialog ??= openSheet({
      title: t('call-shortcuts'),
      testid: 'shortcuts',
      class: 'shortcuts',
      content: [list()],
      closed: () => {
        this.#dialog = null;
      },
    });
  }

  #down(event) {
    if (event.defaultPrevented || event.isComposing) return;
    const target = /** @type {Element} */ (event.target);
    const command = (MAC ? event.metaKey : event.ctrlKey) && event.shiftKey && !event.altKey;
    if (command) {
      const found = KEYS.find(({ code }) => code === event.code);
      if (!found || document.querySelector('dialog:modal')) return;
      event.preventDefault();
      if (!event.repeat) this.#actions[found.action]();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog:modal')) return;
    if (event.key === '?' && !target.closest(TYPING)) {
      event.preventDefault();
      this.show();
    } else if (event.code === 'Space' && !target.closest(OWN_SPACE)) {
      event.preventDefault();
      if (event.repeat || this.#talking) return;
      this.#talking = true;
      this.#actions.talk(true);
    }
  }

  #up(event) {
    if (event.code === 'Space') this.#quiet();
  }

  #quiet() {
    if (!this.#talking) return;
    this.#talking = false;
    this.#actions.talk(false);
  }
}

/** @param {'mute'|'camera'|'share'|'hand'} action @returns {string} "Ctrl+Shift+M", for tooltips */
export function keysFor(action) {
  const { shown } = KEYS.find((key) => key.action === action);
  return names(shown).join(MAC ? '' : '+');
}

/** The same for `aria-keyshortcuts`. */
export function ariaKeysFor(action) {
  const { shown } = KEYS.find((key) => key.action === action);
  return `${MAC ? 'Meta' : 'Control'}+Shift+${shown}`;
}

function names(key) {
  return MAC ? ['⌘', '⇧', key] : ['Ctrl', 'Shift', key];
}

function list() {
  const rows = [
    ...KEYS.map(({ shown, text }) => [names(shown), t(text)]),
    [[t('call-key-space')], t('call-key-talk')],
    [['?'], t('call-key-list')],
  ];
  return h(
    'dl',
    { class: 'key-list' },
    ...rows.map(([keys, text]) => h('div', {}, h('dt', { text }), h('dd', {}, ...keys.map((key) => h('kbd', { text: key }))))),
  );
}
