/**
 * What everybody has to know while it lasts: a recording or transcription, a locked meeting, a green room.
 * @module banner
 */

import { h, setText } from './dom.js';
import { t } from './i18n.js';
import { icon } from './icons.js';

/** The line above the pictures, and the question for consent. */
export class Banner {
  #call;
  #text = h('span');
  #agree;
  /** @type {HTMLDialogElement|null} */
  #dialog = null;
  #asked = false;

  /** @param {import('./session.js').Conference} call */
  constructor(call) {
    this.#call = call;
    this.#agree = h('button', { type: 'button', class: 'small', testid: 'consent-open', text: t('people-consent-open'), on: { click: () => this.#ask() } });
    this.element = h('div', { class: 'banner', role: 'status', 'aria-live': 'polite', testid: 'banner' }, icon('record'), this.#text, this.#agree);
    this.update();
  }

  update() {
    const { recording, transcription, locked, greenRoom, startedAt, consentRequired } = this.#call.meeting;
    const recorded = recording || transcription;
    const parts = [];
    if (recording && transcription) parts.push(t('people-recorded-and-transcribed'));
    else if (recording) parts.push(t('people-recorded'));
    else if (transcription) parts.push(t('people-transcribed'));
    if (greenRoom && startedAt === 0) parts.push(t('people-green-room'));
    if (locked) parts.push(t('people-locked'));
    const missing = recorded && consentRequired && this.#missing();
    if (missing) parts.push(t('people-consent-missing'));
    setText(this.#text, parts.join(' '));
    this.element.hidden = parts.length === 0;
    this.element.dataset.recording = String(recorded);
    this.#agree.hidden = !missing;
    if (missing && !this.#asked) this.#ask();
    if (!recorded) this.#asked = false;
    if (!missing) this.#dialog?.close();
  }

  close() {
    this.#dialog?.close();
  }

  #missing() {
    const media = ['unmuteMic', 'turnVideoOn', 'shareScreen'];
    return !this.#call.consented && media.some((name) => this.#call.reasons.get(name) === 'ExplicitConsentRequired');
  }

  #ask() {
    this.#asked = true;
    if (this.#dialog) return;
    const close = () => dialog.close();
    const dialog = h(
      'dialog',
      {
        class: 'dialog',
        testid: 'consent',
        'aria-labelledby': 'consent-title',
        on: {
          close: () => {
            dialog.remove();
            this.#dialog = null;
          },
        },
      },
      h('h2', { id: 'consent-title', text: t('people-consent-title') }),
      h('p', { text: t('people-consent-text') }),
      h(
        'div',
        { class: 'dialog-actions' },
        h('button', { type: 'button', class: 'quiet', testid: 'consent-later', text: t('people-consent-later'), on: { click: close } }),
        h('button', {
          type: 'button',
          class: 'primary',
          testid: 'consent-grant',
          text: t('people-consent-grant'),
          on: {
            click: () => {
              close();
              this.#call.consent();
            },
          },
        }),
      ),
    );
    this.#dialog = dialog;
    document.body.append(dialog);
    dialog.showModal();
  }
}
