/**
 * Short messages over the pictures that stay as long as they are true: no connection, no sound, a screen that is shared,
 * speaking while muted.
 * @module hints
 */

import { h, setText } from './dom.js';
import { t, withoutIsolates } from './i18n.js';
import { icon } from './icons.js';
import { keysFor } from './shortcuts.js';
import { SpeechHint } from './speech-hint.js';

/** How long the word about speaking while muted stays, in milliseconds. */
const MUTED_MS = 7_000;

export class Hints {
  #local;
  #trouble = h('p', { class: 'hint trouble', hidden: true, testid: 'reconnecting' }, h('i', { class: 'spinner', 'aria-hidden': 'true' }), h('span'));
  #unlock;
  #sharing;
  #muted = h('p', { class: 'hint', hidden: true, testid: 'muted-hint' }, icon('mic-off'), h('span'));
  #talking = h('p', { class: 'hint talking', hidden: true, testid: 'talking' }, icon('mic'), h('span', { text: t('call-talking') }));
  #speech;
  #timer = 0;

  /**
   * @param {import('./session.js').Conference} call
   * @param {import('./devices.js').LocalMedia} local
   * @param {() => void} unlock lets sound be played, from a click
   */
  constructor(call, local, unlock) {
    this.#local = local;
    this.#unlock = h('button', { type: 'button', class: 'hint primary', testid: 'unlock-audio', hidden: true, on: { click: unlock } }, icon('speaker'), t('call-unlock'));
    this.#sharing = h(
      'p',
      { class: 'hint', hidden: true, testid: 'sharing' },
      icon('screen'),
      h('span', { text: t('call-sharing') }),
      h('button', { type: 'button', class: 'small', testid: 'sharing-stop', text: t('call-share-stop'), on: { click: () => local.stopScreen() } }),
    );
    // The live region has to be there before something is said in it.
    this.element = h('div', { class: 'hints' }, h('div', { class: 'hints-said', role: 'status' }, this.#trouble, this.#muted, this.#talking), this.#unlock, this.#sharing);
    this.#speech = new SpeechHint(local, (speaking) => this.#showMuted(speaking && call.can('unmuteMic')));
  }

  update() {
    this.#sharing.hidden = this.#local.screen === null;
    this.#speech.update();
  }

  /** @param {boolean} blocked whether the browser wants a click before it plays */
  showBlocked(blocked) {
    this.#unlock.hidden = !blocked;
  }

  /** @param {boolean} troubled */
  showTrouble(troubled) {
    setText(this.#trouble.lastElementChild, troubled ? t('call-reconnecting') : '');
    this.#trouble.hidden = !troubled;
  }

  /** @param {boolean} speaking with the space bar down */
  showTalking(speaking) {
    this.#talking.hidden = !speaking;
    if (speaking) this.#showMuted(false);
  }

  close() {
    clearTimeout(this.#timer);
    this.#speech.close();
  }

  #showMuted(shown) {
    clearTimeout(this.#timer);
    setText(this.#muted.lastElementChild, shown ? withoutIsolates(t('call-muted-speaking', { keys: keysFor('mute') })) : '');
    this.#muted.hidden = !shown;
    if (shown) this.#timer = setTimeout(() => this.#showMuted(false), MUTED_MS);
  }
}
