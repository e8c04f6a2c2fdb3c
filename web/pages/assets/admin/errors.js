/**
 * The catalogue of errors: what each means, why it comes, what to do. Its texts are English.
 * @module admin/errors
 */

import { h, setText } from '../dom.js';
import { t } from '../i18n.js';
import { attempt, card, field, problemLine } from './parts.js';

/** @returns {import('./parts.js').Section} */
export function errorsSection({ service }) {
  const problem = problemLine('errors-problem');
  const search = h('input', { type: 'search', testid: 'errors-search', autocomplete: 'off', spellcheck: 'false', placeholder: '990010', on: { input: draw } });
  const count = h('p', { class: 'fine-print', role: 'status', testid: 'errors-count' });
  const list = h('div', { class: 'admin-errors', lang: 'en', testid: 'errors' });
  /** @type {{text: string, surface: string, element: HTMLElement}[]} */
  let entries = [];

  /** Every word has to be somewhere in an entry. */
  function draw() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = entries.filter(({ text }) => words.every((word) => text.includes(word)));
    const parts = [];
    let surface = '';
    for (const entry of found) {
      if (entry.surface !== surface) parts.push(h('h2', { text: entry.surface }));
      surface = entry.surface;
      parts.push(entry.element);
    }
    list.replaceChildren(...parts);
    setText(count, t('admin-errors-count', { count: found.length }));
  }

  return {
    element: card(t('admin-errors'), t('admin-errors-lead'), field('errors-search', t('admin-search'), search), count, problem, list),
    shown: () => {
      if (entries.length > 0) return;
      attempt(problem, async () => {
        entries = (await service.get('errors')).map(prepared);
        draw();
      });
    },
  };
}

function prepared(error) {
  const code = error.subCode === undefined ? `${error.status} ${error.code}` : `${error.status}/${error.subCode} ${error.code}`;
  const element = h(
    'article',
    { testid: `error-${error.key}` },
    h('h3', {}, h('code', { text: code }), h('span', { class: 'fine-print', text: error.key })),
    h('p', { text: error.sentence }),
    h('p', {}, h('b', { text: 'Cause: ' }), error.cause),
    h('p', {}, h('b', { text: 'Remedy: ' }), error.remedy),
  );
  return { text: [code, error.key, error.surface, error.sentence, error.cause, error.remedy].join(' ').toLowerCase(), surface: error.surface, element };
}
