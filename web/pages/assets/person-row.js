/**
 * One participant in the list of people: a row that is changed in place, so that focus and open menus stay.
 * @module person-row
 */

import { h, initials, setAttribute, setText, tone } from './dom.js';
import { t, textId } from './i18n.js';
import { icon } from './icons.js';
import { labelMenu, menu } from './menu.js';
import { personActions } from './person-actions.js';

const ROLES = {
  ROLE_ORGANIZER: textId('people-role-organizer'),
  ROLE_CO_ORGANIZER: textId('people-role-co-organizer'),
  ROLE_PRESENTER: textId('people-role-presenter'),
  ROLE_ATTENDEE: textId('people-role-attendee'),
  ROLE_CONSUMER: textId('people-role-consumer'),
  ROLE_COLLABORATOR: textId('people-role-collaborator'),
};

const LABELS = {
  External: textId('people-external'),
  LABEL_EXTERNAL: textId('people-external'),
  Unverified: textId('people-unverified'),
  LABEL_UNVERIFIED: textId('people-unverified'),
};

/** @param {string} role @returns {string} its name, or nothing for an unknown one */
export function roleName(role) {
  return ROLES[role] ? t(ROLES[role]) : '';
}

/** @param {string} label of a participant or of somebody who waits @returns {string} in the person's language */
export function labelText(label) {
  return LABELS[label] ? t(LABELS[label]) : (label ?? '');
}

/**
 * Somebody with what the meeting says of them.
 * @typedef {object} Standing
 * @property {string} id
 * @property {import('./session.js').Participant} person
 * @property {number} hand 1 for the hand raised longest, 0 for none
 * @property {boolean} spotlit
 * @property {string} rights changes when the rights of who looks change
 */

/** A row. */
export class PersonRow {
  #call;
  /** @type {Standing} */
  #standing;
  #shown = '';
  #avatar = h('span', { class: 'avatar', 'aria-hidden': 'true' });
  #name = h('span', { class: 'person-name' });
  #badge = h('span', { class: 'badge' });
  #detail = h('span');
  #states = h('span', { class: 'person-state' });
  /** @type {HTMLElement|null} */
  #remove = null;
  /** @type {HTMLElement|null} */
  #menu = null;

  /**
   * @param {import('./session.js').Conference} call
   * @param {Standing} standing
   */
  constructor(call, standing) {
    this.#call = call;
    this.#standing = standing;
    this.element = h(
      'li',
      { class: 'person', testid: 'roster-item', data: { participant: standing.id } },
      this.#avatar,
      h('span', { class: 'person-text' }, this.#name, h('span', { class: 'person-detail' }, this.#badge, this.#detail)),
      this.#states,
    );
  }

  /** @param {Standing} standing */
  update(standing) {
    this.#standing = standing;
    const shown = JSON.stringify(standing);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const { person, hand, spotlit } = standing;
    const own = person.id === this.#call.participantId;
    setAttribute(this.element, 'data-muted', String(person.micMuted));
    setAttribute(this.element, 'data-hand', String(hand));
    setAttribute(this.#avatar, 'data-tone', tone(person.displayName));
    setText(this.#avatar, initials(person.displayName));
    setText(this.#name, person.displayName);
    setText(this.#badge, labelText(person.label));
    this.#badge.hidden = !person.label;
    const details = [own && t('people-you'), roleName(person.role), person.reconnecting && t('people-reconnecting')];
    setText(this.#detail, details.filter(Boolean).join(' · '));
    this.#states.replaceChildren(
      ...[
        hand > 0 && state('hand', t('people-state-hand', { place: hand })),
        spotlit && state('spotlight', t('people-state-spotlight')),
        person.screenSharing && state('screen', t('people-state-screen')),
        person.micMuted ? state('mic-off', t('people-state-muted')) : state('mic', t('people-state-mic')),
        person.cameraOn ? state('camera', t('people-state-camera')) : state('camera-off', t('people-state-camera-off')),
      ].filter(Boolean),
    );
    this.#control(person, own);
  }

  /** The buttons come and go with the rights; those that stay are the same ones, with their focus. */
  #control(person, own) {
    const name = person.displayName;
    const mayRemove = !own && person.role !== 'ROLE_ORGANIZER' && this.#call.can('removeParticipant');
    if (mayRemove && !this.#remove) {
      this.#remove = h(
        'button',
        { type: 'button', class: 'quiet square', testid: 'remove', title: t('people-remove'), on: { click: () => this.#call.remove([person.id]) } },
        icon('remove'),
      );
      this.#states.after(this.#remove);
    }
    if (!mayRemove) this.#remove = drop(this.#remove);
    if (this.#remove) setAttribute(this.#remove, 'aria-label', t('people-remove-name', { name }));

    const any = personActions(this.#call, this.#standing).length > 0;
    const label = t('people-more-about', { name });
    if (any && !this.#menu) {
      const items = () => personActions(this.#call, this.#standing);
      this.#menu = menu({ label, symbol: 'more', testid: 'person-menu', items });
      this.element.append(this.#menu);
    }
    if (!any) this.#menu = drop(this.#menu);
    if (this.#menu) labelMenu(this.#menu, label);
  }
}

/** Takes a control away; focus goes to what is left of the row. */
function drop(element) {
  if (!element) return null;
  const row = element.parentElement;
  const focused = element.contains(document.activeElement);
  element.remove();
  if (focused) row?.querySelector('button')?.focus({ preventScroll: true });
  return null;
}

function state(name, label) {
  return h('span', { class: `state ${name}`, role: 'img', 'aria-label': label, title: label }, icon(name));
}
