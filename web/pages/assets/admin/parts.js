/**
 * What sections are made of: tables, forms' problems, questions.
 * @module admin/parts
 */

import { ApiError } from '../api.js';
import { h, setText } from '../dom.js';
import { t } from '../i18n.js';

/**
 * @typedef {object} Section
 * @property {HTMLElement} element
 * @property {() => void} [shown] called each time it comes into view
 * @property {() => void} [hidden] called each time it goes out of view, and when it is thrown away
 */

/**
 * A section's card with its heading, which gets the focus when the section is shown.
 * @param {string} title
 * @param {string} lead
 * @param {...(Node|null)} content
 */
export function card(title, lead, ...content) {
  return h('section', { class: 'card' }, h('h1', { text: title, tabindex: '-1' }), lead ? h('p', { class: 'lead', text: lead }) : null, ...content);
}

/** Where a refusal is told. */
export function problemLine(testid) {
  return h('p', { class: 'form-problem', role: 'alert', testid });
}

/** Where an answer is put; screen readers read it out. */
export function outcomePlace(testid) {
  return h('div', { class: 'outcome', 'aria-live': 'polite', testid });
}

/**
 * Does something, and says below it why it could not be done.
 * @param {HTMLElement} problem
 * @param {() => Promise<void>} work
 */
export async function attempt(problem, work) {
  setText(problem, '');
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setText(problem, error.message);
  }
}

/**
 * @param {string} label of the region, which scrolls by itself on narrow screens
 * @param {string[]} head
 * @param {{cells: (string|Node)[], decides?: boolean, lang?: string}[]} rows
 */
export function table(label, head, rows) {
  return h(
    'div',
    { class: 'table', role: 'region', tabindex: '0', 'aria-label': label },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...head.map((text) => h('th', { scope: 'col', text })))),
      h('tbody', {}, ...rows.map(({ cells, decides = false, lang }) => h('tr', { data: { decides: String(decides) }, lang }, ...cells.map(cell)))),
    ),
  );
}

function cell(content) {
  return typeof content === 'string' ? h('td', { text: content }) : h('td', {}, content);
}

/**
 * @param {string} id
 * @param {string} label
 * @param {HTMLElement} control
 * @param {string} [hint]
 */
export function field(id, label, control, hint) {
  control.id = id;
  return h('label', { class: 'field', for: id }, h('span', { text: label }), control, hint ? h('span', { class: 'fine-print', text: hint }) : null);
}

/** A value as it stands in JSON, except that texts stand for themselves. */
export function shown(value) {
  if (value === undefined || value === null) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Asks before something that cannot be taken back.
 * @param {{title: string, text: string, action: string}} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, action }) {
  return new Promise((resolve) => {
    const dialog = /** @type {HTMLDialogElement} */ (
      h(
        'dialog',
        { class: 'question', 'aria-labelledby': 'question-title', 'aria-describedby': 'question-text' },
        h(
          'form',
          { method: 'dialog' },
          h('h2', { id: 'question-title', text: title }),
          h('p', { id: 'question-text', text }),
          h(
            'div',
            { class: 'actions' },
            h('button', { value: 'no', testid: 'cancel', autofocus: true, text: t('common-cancel') }),
            h('button', { value: 'yes', class: 'danger', testid: 'confirm', text: action }),
          ),
        ),
      )
    );
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
