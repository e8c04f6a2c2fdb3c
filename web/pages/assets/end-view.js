/**
 * The last page: why it is over, and how to get back.
 * @module end-view
 */

import { h } from './dom.js';
import { hasText, language, t } from './i18n.js';
import { icon } from './icons.js';

/** What cannot be joined however often one tries. */
const FINAL = new Set(['bad_locator', 'government_cloud', 'cloud_not_supported', 'kind_not_supported', 'e2ee', 'room_over', 'room_closed']);

/**
 * @param {import('./session.js').EndReason} reason
 * @param {{rejoin: () => void, back?: {label: string, action: () => void}}} options
 * @returns {HTMLElement}
 */
export function endView(reason, { rejoin, back }) {
  const title = heading(reason);
  const why = explanation(reason);
  const again = !FINAL.has(reason.key);
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
        why && !sameWords(why, title) && h('p', { class: 'waiting-text', text: why }),
      ),
      h(
        'div',
        { class: 'card-actions' },
        again && h('button', { type: 'button', class: 'primary', testid: 'rejoin', text: fine ? t('people-join-again') : t('people-try-again'), on: { click: rejoin } }),
        back && h('button', { type: 'button', class: again ? 'quiet' : 'primary', text: back.label, on: { click: back.action } }),
      ),
      reason.code !== 0 && h('p', { class: 'fine-print', text: t('people-end-code', { code: `${reason.code}/${reason.subCode}` }) }),
    ),
  );
}

/** By the stable key; keys that the page does not know have the service's sentence. */
function heading({ key, code }) {
  const id = `people-end-${key.replaceAll('_', '-')}`;
  if (hasText(id)) return t(id);
  return code === 0 ? t('people-end-over') : t('people-end-refused');
}

function explanation({ key, message }) {
  const id = `people-why-${key.replaceAll('_', '-')}`;
  if (language() === 'en' && message) return message;
  return hasText(id) ? t(id) : message;
}

function sameWords(a, b) {
  const words = (text) => text.toLowerCase().replace(/[^\p{L}]+/gu, ' ').trim();
  return words(a) === words(b);
}
