/**
 * What everybody has to know while it lasts: a recording or transcription, a locked meeting, a green room.
 * @module banner
 */

import { h, setText } from './dom.js';
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
    this.#agree = h('button', { type: 'button', class: 'small', testid: 'consent-open', text: 'Agree …', on: { click: () => this.#ask() } });
    this.element = h('div', { class: 'banner', role: 'status', 'aria-live': 'polite', testid: 'banner' }, icon('record'), this.#text, this.#agree);
    this.update();
  }

  update() {
    const { recording, transcription, locked, greenRoom, startedAt, consentRequired } = this.#call.meeting;
    const recorded = recording || transcription;
    const what = [recording && 'recorded', transcription && 'transcribed'].filter(Boolean).join(' and ');
    const parts = [];
    if (recorded) parts.push(`This meeting is being ${what}.`);
    if (greenRoom && startedAt === 0) parts.push('Attendees are waiting: the meeting has not started.');
    if (locked) parts.push('The meeting is locked.');
    const missing = recorded && consentRequired && this.#missing();
    if (missing) parts.push('Nobody hears or sees you until you agree.');
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
      h('h2', { id: 'consent-title', text: 'Do you agree to being recorded?' }),
      h('p', { text: 'This meeting is being recorded or transcribed. Until you agree, you can watch and listen, but not speak, show your camera or share. Your answer holds for this call.' }),
      h(
        'div',
        { class: 'dialog-actions' },
        h('button', { type: 'button', class: 'quiet', testid: 'consent-later', text: 'Not now', on: { click: close } }),
        h('button', {
          type: 'button',
          class: 'primary',
          testid: 'consent-grant',
          text: 'I agree',
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
