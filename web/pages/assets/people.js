/**
 * Who is in the meeting, and who waits in the lobby.
 * @module people
 */

import { say } from './announce.js';
import { arrange, h, initials, setText, tone } from './dom.js';
import { icon } from './icons.js';
import { menu } from './menu.js';

const ROLES = {
  ROLE_ORGANIZER: 'Organizer',
  ROLE_CO_ORGANIZER: 'Co-organizer',
  ROLE_PRESENTER: 'Presenter',
  ROLE_ATTENDEE: 'Attendee',
  ROLE_CONSUMER: 'Consumer',
  ROLE_COLLABORATOR: 'Collaborator',
};

/** The participants' panel. */
export class People {
  #call;
  #items = new Map();
  #list = h('ul', { class: 'people-list' });
  #title = h('h2', { text: 'People' });

  /** @param {import('./session.js').Conference} call */
  constructor(call) {
    this.#call = call;
    this.element = h('section', { class: 'panel people', 'aria-label': 'People' }, this.#title, this.#list);
    this.update();
  }

  update() {
    const { participants, participantId } = this.#call;
    const { hands } = this.#call.meeting;
    // Raised hands first, in the order in which they went up.
    const place = ({ id }) => (hands.includes(id) ? hands.indexOf(id) : hands.length);
    const sorted = [...participants.values()].sort(
      (a, b) =>
        place(a) - place(b) ||
        (b.id === participantId) - (a.id === participantId) ||
        a.displayName.localeCompare(b.displayName),
    );
    setText(this.#title, `People · ${sorted.length}`);
    const items = new Map();
    for (const person of sorted) {
      const { hands, spotlight } = this.#call.meeting;
      const standing = { hand: hands.indexOf(person.id) + 1, spotlit: spotlight.includes(person.id) };
      const shown = JSON.stringify([person, standing, [...this.#call.reasons], this.#call.role]);
      const old = this.#items.get(person.id);
      items.set(person.id, old?.shown === shown ? old : { shown, element: this.#item(person, standing) });
    }
    this.#items = items;
    arrange(this.#list, [...items.values()].map(({ element }) => element));
    this.updateSpeaking();
  }

  updateSpeaking() {
    for (const [id, { element }] of this.#items) element.classList.toggle('speaking', this.#call.speaking.has(id));
  }

  #item(person, { hand, spotlit }) {
    const own = person.id === this.#call.participantId;
    const detail = [own ? 'You' : '', ROLES[person.role] ?? '', person.reconnecting ? 'reconnecting …' : '']
      .filter(Boolean)
      .join(' · ');
    return h(
      'li',
      { class: 'person', testid: 'roster-item', data: { participant: person.id, muted: String(person.micMuted), hand: String(hand) } },
      h('span', { class: 'avatar', 'aria-hidden': 'true', data: { tone: tone(person.displayName) }, text: initials(person.displayName) }),
      h(
        'span',
        { class: 'person-text' },
        h('span', { class: 'person-name', text: person.displayName }),
        h('span', { class: 'person-detail' }, person.label && h('span', { class: 'badge', text: person.label }), h('span', { text: detail })),
      ),
      h(
        'span',
        { class: 'person-state' },
        hand > 0 && state('hand', `hand raised, number ${hand}`),
        spotlit && state('spotlight', 'in the spotlight'),
        person.screenSharing && state('screen', 'sharing a screen'),
        state(person.micMuted ? 'mic-off' : 'mic', person.micMuted ? 'muted' : 'microphone on'),
        state(person.cameraOn ? 'camera' : 'camera-off', person.cameraOn ? 'camera on' : 'camera off'),
      ),
      !own &&
        this.#call.can('removeParticipant') &&
        h(
          'button',
          {
            type: 'button',
            class: 'quiet square',
            testid: 'remove',
            title: 'Remove from the meeting',
            'aria-label': `Remove ${person.displayName} from the meeting`,
            on: { click: () => this.#call.remove([person.id]) },
          },
          icon('remove'),
        ),
      this.#menu(person, own, hand, spotlit),
    );
  }

  /** What can be done about somebody; nothing for whom nothing can be done. */
  #menu(person, own, hand, spotlit) {
    const call = this.#call;
    const { id } = person;
    const leads = call.is('ROLE_ORGANIZER', 'ROLE_CO_ORGANIZER', 'ROLE_PRESENTER') && call.colleague;
    const attends = person.role === 'ROLE_ATTENDEE';
    const items = [];
    if (!own && call.can('muteOthers')) {
      items.push({ testid: 'mute-participant', text: 'Mute', disabled: person.micMuted, action: () => call.mute([id]) });
      if (hand > 0) items.push({ testid: 'lower-hand', text: 'Lower hand', action: () => call.setHand(false, id) });
    }
    if (spotlit && (own || call.can('removeParticipantsSpotlight'))) {
      items.push({ testid: 'unspotlight', text: 'Take out of the spotlight', action: () => call.spotlight([id], { remove: true }) });
    } else if (call.can('spotlightParticipant')) {
      items.push({ testid: 'spotlight', text: 'Put in the spotlight', action: () => call.spotlight([id]) });
    }
    if (attends && call.can('forbidOthersAudio')) {
      const text = person.micForbidden ? 'Allow microphone' : 'Disable microphone';
      items.push({ testid: 'forbid-mic', text, action: () => call.allowAttendees({ mic: person.micForbidden }, [id]) });
    }
    if (attends && call.can('forbidOthersVideo')) {
      const text = person.cameraForbidden ? 'Allow camera' : 'Disable camera';
      items.push({ testid: 'forbid-camera', text, action: () => call.allowAttendees({ camera: person.cameraForbidden }, [id]) });
    }
    if (!own && leads && person.role !== 'ROLE_ORGANIZER' && (person.role !== 'ROLE_CO_ORGANIZER' || call.is('ROLE_ORGANIZER'))) {
      if (person.role !== 'ROLE_PRESENTER') {
        items.push({ testid: 'make-presenter', text: 'Make a presenter', action: () => call.setRole(id, 'ROLE_PRESENTER') });
      }
      if (!attends) items.push({ testid: 'make-attendee', text: 'Make an attendee', action: () => call.setRole(id, 'ROLE_ATTENDEE') });
      if (call.is('ROLE_ORGANIZER') && !person.external && person.role !== 'ROLE_CO_ORGANIZER') {
        items.push({ testid: 'make-co-organizer', text: 'Make a co-organizer', action: () => call.setRole(id, 'ROLE_CO_ORGANIZER') });
      }
    }
    return items.length > 0 && menu({ label: `More about ${person.displayName}`, symbol: 'more', testid: 'person-menu', items: () => items });
  }
}

function state(name, label) {
  return h('span', { class: `state ${name}`, role: 'img', 'aria-label': label, title: label }, icon(name));
}

/** The lobby's panel, for those who may let people in. */
export class LobbyPanel {
  #call;
  #known = new Set();
  #items = new Map();
  #list = h('ul', { class: 'lobby-list' });
  #title = h('h2', {});
  #all;

  /** @param {import('./session.js').Conference} call */
  constructor(call) {
    this.#call = call;
    this.#all = h('button', { type: 'button', class: 'small', testid: 'admit-all', text: 'Admit all', on: { click: () => call.admitAll() } });
    this.element = h(
      'section',
      { class: 'panel lobby-panel', 'aria-label': 'Waiting in the lobby', testid: 'lobby-panel' },
      h('div', { class: 'panel-head' }, this.#title, this.#all),
      this.#list,
    );
    this.update();
  }

  /** How many wait. */
  get count() {
    return this.#call.waiting.size;
  }

  update() {
    const waiting = [...this.#call.waiting.values()].sort((a, b) => a.since - b.since);
    this.element.hidden = waiting.length === 0;
    this.#all.hidden = waiting.length < 2;
    setText(this.#title, `In the lobby · ${waiting.length}`);
    const items = new Map();
    for (const person of waiting) {
      items.set(person.id, this.#items.get(person.id) ?? this.#item(person));
      if (!this.#known.has(person.id)) say(`${person.displayName} is waiting in the lobby.`);
    }
    this.#items = items;
    this.#known = new Set(items.keys());
    arrange(this.#list, [...items.values()]);
  }

  #item({ id, displayName, label }) {
    return h(
      'li',
      { class: 'person', testid: 'lobby-item', data: { participant: id } },
      h('span', { class: 'avatar', 'aria-hidden': 'true', data: { tone: tone(displayName) }, text: initials(displayName) }),
      h('span', { class: 'person-text' }, h('span', { class: 'person-name', text: displayName }), h('span', { class: 'person-detail' }, label && h('span', { class: 'badge', text: label }), h('span', { text: 'wants to join' }))),
      h(
        'span',
        { class: 'lobby-actions' },
        h('button', { type: 'button', class: 'small quiet', testid: 'reject', text: 'Reject', 'aria-label': `Reject ${displayName}`, on: { click: () => this.#call.reject([id]) } }),
        h('button', { type: 'button', class: 'small primary', testid: 'admit', text: 'Admit', 'aria-label': `Admit ${displayName}`, on: { click: () => this.#call.admit([id]) } }),
      ),
    );
  }
}
