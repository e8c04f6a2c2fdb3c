/**
 * Hand, reactions, and what looks after the whole meeting.
 * @module meeting-controls
 */

import { h, setAttribute, setText } from './dom.js';
import { icon } from './icons.js';
import { menu } from './menu.js';
import { whyNot } from './reasons.js';

/** @type {Record<string, {symbol: string, name: string}>} */
export const REACTIONS = {
  REACTION_KIND_LIKE: { symbol: '👍', name: 'Like' },
  REACTION_KIND_LOVE: { symbol: '❤️', name: 'Love' },
  REACTION_KIND_APPLAUSE: { symbol: '👏', name: 'Applause' },
  REACTION_KIND_LAUGH: { symbol: '😆', name: 'Laugh' },
  REACTION_KIND_SURPRISED: { symbol: '😮', name: 'Surprised' },
};

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
    this.#reactions = menu({ label: 'React', text: 'React', symbol: 'smile', testid: 'reactions', items: () => this.#reactionItems() });
    this.#reactions.classList.add('reactions');
    this.#more = menu({ label: 'More for this meeting', text: 'More', symbol: 'more', testid: 'meeting-menu', items: () => this.#meetingItems() });
    this.elements = [this.#hand, this.#reactions, this.#more];
    this.update();
  }

  update() {
    const call = this.#call;
    const raised = call.handRaised;
    const why = raised ? '' : whyNot(call, 'raiseHand');
    const text = raised ? 'Lower' : 'Raise';
    setText(this.#hand.querySelector('.tool-label'), text);
    setAttribute(this.#hand, 'aria-label', why ? `Raise hand: ${why}` : `${text} hand`);
    setAttribute(this.#hand, 'title', why || `${text} hand`);
    setAttribute(this.#hand, 'aria-pressed', String(raised));
    setAttribute(this.#hand, 'data-active', String(raised));
    this.#hand.disabled = why !== '';
    setAttribute(this.#reactions.querySelector('summary'), 'title', whyNot(call, 'reaction') || 'React');
    this.#more.hidden = this.#meetingItems().length === 0;
  }

  #reactionItems() {
    const title = whyNot(this.#call, 'reaction');
    return Object.entries(REACTIONS).map(([kind, { symbol, name }]) => ({
      testid: `react-${name.toLowerCase()}`,
      text: symbol,
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
      items.push({ testid: 'start-meeting', text: 'Start the meeting', action: () => call.begin() });
    }
    if (leads) {
      items.push({ testid: 'lock', text: meeting.locked ? 'Unlock the meeting' : 'Lock the meeting', action: () => call.lock(!meeting.locked) });
    }
    if (call.can('muteOthers')) items.push({ testid: 'mute-all', text: 'Mute everybody', action: () => call.muteAll() });
    if (call.can('forbidOthersAudio')) {
      const allowed = meeting.attendeeMicAllowed;
      const text = allowed ? 'Disable attendees’ microphones' : 'Allow attendees’ microphones';
      items.push({ testid: 'attendee-mics', text, action: () => call.allowAttendees({ mic: !allowed }) });
    }
    if (call.can('forbidOthersVideo')) {
      const allowed = meeting.attendeeCameraAllowed;
      const text = allowed ? 'Disable attendees’ cameras' : 'Allow attendees’ cameras';
      items.push({ testid: 'attendee-cameras', text, action: () => call.allowAttendees({ camera: !allowed }) });
    }
    if (meeting.spotlight.length > 0 && call.can('removeParticipantsSpotlight')) {
      items.push({ testid: 'clear-spotlight', text: 'Clear the spotlight', action: () => call.spotlight([], { remove: true }) });
    }
    if (cares) {
      const { recording, transcription } = meeting;
      items.push({
        testid: 'recording',
        text: recording ? 'Recording has stopped' : 'Recording is on',
        title: 'Tells everybody. The service itself records nothing.',
        action: () => call.record({ recording: !recording, transcription }),
      });
      items.push({
        testid: 'transcription',
        text: transcription ? 'Transcription has stopped' : 'Transcription is on',
        title: 'Tells everybody. The service itself transcribes nothing.',
        action: () => call.record({ recording, transcription: !transcription }),
      });
    }
    if (meeting.nameChangeAllowed) items.push({ testid: 'rename', text: 'Change my name', action: () => this.#rename() });
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
        h('h2', { id: 'rename-title', text: 'Change your name' }),
        h('p', {}, h('label', { for: 'rename-name', text: 'Name others see' }), input),
        h(
          'div',
          { class: 'dialog-actions' },
          h('button', { type: 'button', class: 'quiet', text: 'Cancel', on: { click: close } }),
          h('button', { type: 'submit', class: 'primary', testid: 'rename-confirm', text: 'Change' }),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  }
}
