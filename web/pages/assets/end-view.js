/**
 * The last page: why it is over, and how to get back.
 * @module end-view
 */

import { h } from './dom.js';
import { icon } from './icons.js';

/** Headings by the stable key of the end reason, and whether trying again can help. */
const REASONS = {
  left: ['You left the meeting', true],
  ended: ['The meeting has ended', true],
  removed: ['You were removed from the meeting', true],
  lobby_denied: ['You were not let in', true],
  lobby_timeout: ['Nobody let you in', true],
  meeting_not_found: ['This meeting was not found', true],
  bad_locator: ['This is not a meeting link', false],
  bad_display_name: ['This name cannot be used', true],
  government_cloud: ['This meeting cannot be joined from here', false],
  anonymous_join_disabled: ['Guests cannot join this meeting', true],
  unauthenticated: ['Your access has expired', true],
  connection_lost: ['The connection was lost', true],
  service_stopping: ['The service is restarting', true],
};

/**
 * @param {import('./session.js').EndReason} reason
 * @param {{rejoin: () => void, back?: {label: string, action: () => void}}} options
 * @returns {HTMLElement}
 */
export function endView(reason, { rejoin, back }) {
  const [title, again] = REASONS[reason.key] ?? [reason.code === 0 ? 'The call is over' : 'You could not join', true];
  const fine = reason.key === 'left' || reason.key === 'ended';
  return h(
    'main',
    { class: 'page narrow ended' },
    h(
      'div',
      { class: 'card' },
      h('div', { class: fine ? 'end-mark' : 'end-mark attention', 'aria-hidden': 'true' }, icon(fine ? 'check' : 'alert')),
      h(
        'div',
        { role: 'alert', testid: 'end-reason', data: { key: reason.key, code: String(reason.code), subCode: String(reason.subCode) } },
        h('h1', { text: title }),
        reason.message && !sameWords(reason.message, title) && h('p', { class: 'waiting-text', text: reason.message }),
      ),
      h(
        'div',
        { class: 'card-actions' },
        again && h('button', { type: 'button', class: 'primary', testid: 'rejoin', text: fine ? 'Join again' : 'Try again', on: { click: rejoin } }),
        back && h('button', { type: 'button', class: again ? 'quiet' : 'primary', text: back.label, on: { click: back.action } }),
      ),
      reason.code !== 0 && h('p', { class: 'fine-print', text: `Code ${reason.code}/${reason.subCode}` }),
    ),
  );
}

function sameWords(a, b) {
  const words = (text) => text.toLowerCase().replace(/[^a-z]+/g, ' ').trim();
  return words(a) === words(b);
}
