/**
 * What holds for one user's meetings, and where each value comes from.
 * @module admin/effective
 */

import { say } from '../announce.js';
import { h, setText } from '../dom.js';
import { t, textId } from '../i18n.js';
import { attempt, card, field, outcomePlace, problemLine, shown, table } from './parts.js';

/** Suggestions are asked for when typing rests this long, in milliseconds. */
const REST_MS = 200;

const GRANTED = { user: textId('admin-granted-user'), group: textId('admin-granted-group'), global: textId('admin-granted-global') };

const SOURCES = {
  policy: textId('admin-source-policy'),
  label: textId('admin-source-label'),
  template: textId('admin-source-template'),
  start: textId('admin-source-start'),
  default: textId('admin-source-default'),
  meeting: textId('admin-source-meeting'),
};

/** @returns {import('./parts.js').Section} */
export function effectiveSection({ service }) {
  const problem = problemLine('effective-problem');
  const outcome = outcomePlace('effective');
  const people = h('datalist', { id: 'effective-people' });
  const user = h('input', { testid: 'effective-user', list: 'effective-people', required: true, autocomplete: 'off', spellcheck: 'false', autocapitalize: 'none', placeholder: 'bob@contoso.example', on: { input: suggestSoon } });
  const meeting = h('select', { testid: 'effective-meeting' });
  const label = h('select', { testid: 'effective-label' });
  const template = h('select', { testid: 'effective-template' });
  const changedOnly = h('input', { id: 'effective-changed', type: 'checkbox', testid: 'effective-changed', on: { change: draw } });
  const choices = h(
    'div',
    { class: 'admin-line', hidden: true },
    field('effective-meeting', t('admin-for-meeting'), meeting),
    field('effective-label', 'SensitivityLabel', label),
    field('effective-template', 'MeetingTemplate', template),
  );
  /** The last answer. */
  let values = null;
  let resting = 0;
  for (const select of [meeting, label, template]) select.addEventListener('change', look);

  function suggestSoon() {
    clearTimeout(resting);
    resting = setTimeout(suggest, REST_MS);
  }

  async function suggest() {
    await attempt(problem, async () => {
      const found = await service.get('users', { search: user.value.trim() });
      people.replaceChildren(...found.map(({ upn, displayName }) => h('option', { value: upn, label: displayName })));
    });
  }

  function submit(event) {
    event.preventDefault();
    // What was chosen for somebody else means nothing for this one.
    for (const select of [meeting, label, template]) select.replaceChildren();
    look();
  }

  async function look() {
    await attempt(problem, async () => {
      const path = `users/${encodeURIComponent(user.value.trim())}/effective`;
      const ofNew = meeting.value === '';
      values = await service.get(path, { meeting: meeting.value, label: ofNew ? label.value : '', template: ofNew ? template.value : '' });
      offer(meeting, t('admin-new-meeting'), values.meetings.map(({ id, subject }) => [id, subject]));
      offer(label, t('admin-none'), values.labels.map((name) => [name, name]));
      offer(template, t('admin-none'), values.templates.map((name) => [name, name]));
      label.disabled = meeting.value !== '';
      template.disabled = label.disabled;
      choices.hidden = false;
      draw();
      say(t('admin-effective-shown', { user: values.displayName }));
    });
    if (problem.textContent) outcome.replaceChildren();
  }

  function draw() {
    if (!values) return;
    outcome.replaceChildren(
      h('h2', { text: values.displayName }),
      h('ul', { class: 'admin-list' }, ...values.policies.map(came)),
      h('h2', { text: t('admin-policy-values') }),
      table(t('admin-policy-values'), [t('admin-setting'), t('admin-value'), t('admin-policy'), ''], values.settings.filter(isWanted).map(settingRow)),
      h('h2', { text: t('admin-meeting-values') }),
      table(t('admin-meeting-values'), [t('admin-option'), t('admin-value'), t('admin-from'), t('admin-own-value')], values.options.filter(isWanted).map(optionRow)),
    );
  }

  const isWanted = ({ isDefault, source }) => !changedOnly.checked || !(isDefault || source === 'default');

  return {
    element: card(
      t('admin-effective'),
      t('admin-effective-lead'),
      h(
        'form',
        { class: 'admin-line', on: { submit } },
        field('effective-user', t('admin-user'), user),
        people,
        h('button', { type: 'submit', class: 'primary', testid: 'effective-show', text: t('admin-show') }),
      ),
      choices,
      h('label', { class: 'check', for: 'effective-changed' }, changedOnly, t('admin-changed-only')),
      problem,
      outcome,
    ),
    shown: () => {
      if (!people.firstChild) suggest();
    },
    hidden: () => clearTimeout(resting),
  };
}

/** How the user came to a policy. */
function came({ kind, name, granted, group }) {
  const line = h('li', { testid: `granted-${kind}` }, h('code', { text: kind }), ' ');
  const sentence = h('span', {});
  setText(sentence, t(GRANTED[granted], { policy: name, group: group ?? '' }));
  line.append(sentence);
  return line;
}

function settingRow({ setting, value, policy, isDefault }) {
  return { cells: [h('code', { text: setting }), shown(value), policy, isDefault ? t('admin-source-default') : ''] };
}

function optionRow({ option, value, source, by, own }) {
  const lowered = own !== undefined;
  return { decides: lowered, cells: [h('code', { text: option }), shown(value), t(SOURCES[source], { name: by ?? '' }), lowered ? shown(own) : ''] };
}

/** Fills a choice, and keeps what was chosen. */
function offer(select, none, entries) {
  const chosen = select.value;
  select.replaceChildren(h('option', { value: '', text: none }), ...entries.map(([value, text]) => h('option', { value, text })));
  select.value = entries.some(([value]) => value === chosen) ? chosen : '';
}
