/**
 * Hand, reactions, and what looks after the whole meeting.
 * @module meeting-controls
 */

import { h, setAttribute, setText } from './dom.js';
import { t } from './i18n.js';
import { icon } from './icons.js';
import { showMeetingOptions } from './meeting-options.js';
import { labelMenu, menu } from './menu.js';
import { whyNot } from './reasons.js';
import { freshToken, recall } from './sign-in.js';

/** @type {Record<string, {symbol: string, key: string, readonly name: string}>} */
export const REACTIONS = {
  REACTION_KIND_LIKE: reaction('👍', 'like'),
  REACTION_KIND_LOVE: reaction('❤️', 'love'),
  REACTION_KIND_APPLAUSE: reaction('👏', 'applause'),
  REACTION_KIND_LAUGH: reaction('😆', 'laugh'),
  REACTION_KIND_SURPRISED: reaction('😮', 'surprised'),
};

function reaction(symbol, key) {
  return {
    symbol,
    key,
    get name() {
      return t(`people-reaction-${key}`);
    },
  };
}

/** Buttons for the toolbar. */
export class MeetingControls {
  #call;
  #hand;
  #reactions;
  #more;

  /** @param {import('./session.js').Conference} call */
  constructor(call) {
    this.#call = call;
    this.#hand = h(
      'button',
      { type: 'button', class: 'tool', testid: 'raise-hand', on: { click: () => call.setHand(!call.handRaised) } },
      icon('hand'),
      h('span', { class: 'tool-label' }),
    );
    this.#reactions = menu({ label: t('people-react'), text: t('people-react'), symbol: 'smile', testid: 'reactions', items: () => this.#reactionItems() });
    this.#reactions.classList.add('reactions');
    this.#more = menu({ label: t('people-meeting-menu'), text: t('people-more'), symbol: 'more', testid: 'meeting-menu', items: () => this.#meetingItems() });
    this.elements = [this.#hand, this.#reactions, this.#more];
    this.update();
  }

  update() {
    const call = this.#call;
    const raised = call.handRaised;
    const why = raised ? '' : whyNot(call, 'raiseHand');
    const label = raised ? t('people-lower-own-hand') : t('people-raise-hand');
    setText(this.#hand.querySelector('.tool-label'), raised ? t('people-lower') : t('people-raise'));
    setAttribute(this.#hand, 'aria-label', why ? t('people-why-not', { what: label, why }) : label);
    setAttribute(this.#hand, 'title', why || label);
    setAttribute(this.#hand, 'data-active', String(raised));
    this.#hand.disabled = why !== '';
    labelMenu(this.#reactions, t('people-react'), whyNot(call, 'reaction') || t('people-react'));
    this.#more.hidden = this.#meetingItems().length === 0;
  }

  #reactionItems() {
    const title = whyNot(this.#call, 'reaction');
    return Object.entries(REACTIONS).map(([kind, { symbol, key, name }]) => ({
      testid: `react-${key}`,
      text: symbol,
      label: name,
      title: title || name,
      disabled: title !== '',
      action: () => this.#call.react(kind),
    }));
  }

  #meetingItems() {
    const call = this.#call;
    const { meeting } = call;
    const leads = call.colleague && call.is('ROLE_ORGANIZER', 'ROLE_CO_ORGANIZER');
    const cares = call.colleague && (leads || call.is('ROLE_PRESENTER'));
    const items = [];
    if (cares && meeting.greenRoom && meeting.startedAt === 0) {
      items.push({ testid: 'start-meeting', text: t('people-start-meeting'), action: () => call.begin() });
    }
    if (leads) {
      items.push({ testid: 'lock', text: meeting.locked ? t('people-unlock') : t('people-lock'), action: () => call.lock(!meeting.locked) });
    }
    if (call.can('muteOthers')) items.push({ testid: 'mute-all', text: t('people-mute-all'), action: () => call.muteAll() });
    if (call.can('forbidOthersAudio')) {
      const allowed = meeting.attendeeMicAllowed;
      const text = allowed ? t('people-forbid-mics') : t('people-allow-mics');
      items.push({ testid: 'attendee-mics', text, action: () => call.allowAttendees({ mic: !allowed }) });
    }
    if (call.can('forbidOthersVideo')) {
      const allowed = meeting.attendeeCameraAllowed;
      const text = allowed ? t('people-forbid-cameras') : t('people-allow-cameras');
      items.push({ testid: 'attendee-cameras', text, action: () => call.allowAttendees({ camera: !allowed }) });
    }
    if (meeting.spotlight.length > 0 && call.can('removeParticipantsSpotlight')) {
      items.push({ testid: 'clear-spotlight', text: t('people-clear-spotlight'), action: () => call.spotlight([], { remove: true }) });
    }
    if (cares) {
      const { recording, transcription } = meeting;
      items.push({
        testid: 'recording',
        text: recording ? t('people-recording-stopped') : t('people-recording-on'),
        title: t('people-recording-tells'),
        action: () => call.record({ recording: !recording, transcription }),
      });
      items.push({
        testid: 'transcription',
        text: transcription ? t('people-transcription-stopped') : t('people-transcription-on'),
        title: t('people-transcription-tells'),
        action: () => call.record({ recording, transcription: !transcription }),
      });
    }
    // Options are the organizer's, through the directory's token that only this side has.
    if (call.colleague && call.is('ROLE_ORGANIZER') && recall()) {
      items.push({ testid: 'meeting-options', text: t('people-meeting-options'), action: () => showMeetingOptions(freshToken, call.joinUrl) });
    }
    if (meeting.nameChangeAllowed) items.push({ testid: 'rename', text: t('people-rename'), action: () => this.#rename() });
    return items;
  }

  #rename() {
    const input = h('input', { id: 'rename-name', testid: 'rename-name', maxlength: '256', required: true, autocomplete: 'name', value: this.#call.me?.displayName ?? '' });
    const close = () => dialog.close();
    const dialog = h(
      'dialog',
      { class: 'dialog', 'aria-labelledby': 'rename-title', on: { close: () => dialog.remove() } },
      h(
        'form',
        {
          on: {
            submit: (event) => {
              event.preventDefault();
              close();
              this.#call.rename(input.value);
            },
          },
        },
        h('h2', { id: 'rename-title', text: t('people-rename-title') }),
        h('p', {}, h('label', { for: 'rename-name', text: t('people-rename-label') }), input),
        h(
          'div',
          { class: 'dialog-actions' },
          h('button', { type: 'button', class: 'quiet', text: t('common-cancel'), on: { click: close } }),
          h('button', { type: 'submit', class: 'primary', testid: 'rename-confirm', text: t('people-rename-confirm') }),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  }
}
