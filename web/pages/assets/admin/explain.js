/**
 * Why a guest gets into a meeting, waits or stays outside.
 * @module admin/explain
 */

import { h } from '../dom.js';
import { t } from '../i18n.js';
import { attempt, card, field, outcomePlace, problemLine, table } from './parts.js';

/** @returns {import('./parts.js').Section} */
export function explainSection({ service }) {
  const outcome = outcomePlace('explanation');
  const problem = problemLine('explain-problem');
  const link = h('input', { testid: 'explain-link', type: 'url', required: true, placeholder: 'https://…', autocomplete: 'off' });
  const name = h('input', { testid: 'explain-name', value: t('admin-guest'), required: true, autocomplete: 'off' });
  const resource = h('input', { testid: 'explain-resource', placeholder: t('admin-first-resource'), autocomplete: 'off' });
  const started = h(
    'select',
    { testid: 'explain-started' },
    h('option', { value: '', text: t('admin-started-now') }),
    h('option', { value: 'true', text: t('admin-started-yes') }),
    h('option', { value: 'false', text: t('admin-started-no') }),
  );

  async function submit(event) {
    event.preventDefault();
    outcome.replaceChildren();
    await attempt(problem, async () => {
      const body = { link: link.value.trim(), name: name.value, resource: resource.value.trim() };
      if (started.value) body.started = started.value === 'true';
      outcome.append(...explanation(await service.post('explain-join', body)));
    });
  }

  return {
    element: card(
      t('admin-explain'),
      t('admin-explain-lead'),
      h(
        'form',
        { on: { submit } },
        field('explain-link', t('admin-meeting-link'), link),
        field('explain-name', t('admin-guest-name'), name),
        field('explain-resource', t('admin-guest-resource'), resource),
        field('explain-started', t('admin-started'), started),
        problem,
        h('button', { type: 'submit', class: 'primary', testid: 'explain', text: t('admin-explain-do') }),
      ),
      outcome,
    ),
  };
}

/** The service's own words are English. */
function explanation({ summary, reason, meeting, capabilities = [], steps }) {
  const rows = steps.map((step) => ({
    lang: 'en',
    decides: step.decides,
    cells: [step.passes ? t('admin-passes') : t('admin-stops'), step.level, step.setting, step.value, step.changedBy, step.how],
  }));
  const parts = [h('p', { lang: 'en' }, h('b', { text: summary }))];
  if (reason) parts.push(h('p', { text: t('admin-guest-is-told', { sentence: reason.message, code: `${reason.code}/${reason.subCode}` }) }));
  if (meeting) parts.push(h('p', { class: 'fine-print', text: t('admin-of-meeting', { subject: meeting.subject, organizer: meeting.organizer, policy: meeting.policy }) }));
  const head = ['', t('admin-level'), t('admin-setting'), t('admin-value'), t('admin-changed-by'), t('admin-how')];
  parts.push(table(t('admin-explain'), head, rows));
  if (capabilities.length > 0) {
    const title = t('admin-capabilities');
    const granted = capabilities.map(({ name, isPresent, reason: why }) => ({ lang: 'en', cells: [name, isPresent ? '✓' : '✗', why] }));
    parts.push(h('h2', { text: title }), table(title, [t('admin-capability'), '', t('admin-why')], granted));
  }
  return parts;
}
