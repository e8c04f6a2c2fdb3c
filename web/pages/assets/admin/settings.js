/**
 * What is set for the tenant: every value with a control that fits its kind. Names are those of the cmdlets.
 * @module admin/settings
 */

import { say, toast } from '../announce.js';
import { h, setText } from '../dom.js';
import { t, textId } from '../i18n.js';
import { attempt, card, outcomePlace, problemLine, shown, table } from './parts.js';

/** @returns {import('./parts.js').Section} */
export function settingsSection({ service }) {
  const problem = problemLine('problem');
  const body = h('div', {}, h('p', { text: t('admin-loading') }));
  const element = card(t('admin-settings'), t('admin-settings-lead'), body, problem);
  attempt(problem, async () => {
    const draft = await service.get('tenant');
    body.replaceChildren(...form(service, draft, problem));
  });
  return { element };
}

function form(service, draft, problem) {
  const outcome = outcomePlace('changes');
  const policies = h('div', {});

  function drawPolicies() {
    policies.replaceChildren(
      ...Object.entries(draft.CsTeamsMeetingPolicy).map(([name, policy]) => section(`CsTeamsMeetingPolicy ${name}`, policy)),
      ...Object.entries(draft.CsExternalAccessPolicy).map(([name, policy]) => section(`CsExternalAccessPolicy ${name}`, policy)),
    );
  }

  async function send(dryRun) {
    outcome.replaceChildren();
    await attempt(problem, async () => {
      const changes = await service.put('tenant', { dryRun: String(dryRun) }, draft);
      outcome.append(...changesTable(changes, dryRun));
      if (!dryRun) toast(t('admin-applied'));
    });
  }

  function addPolicy(event) {
    event.preventDefault();
    const name = named.value.trim();
    if (!name) return;
    if (Object.hasOwn(draft.CsTeamsMeetingPolicy, name)) {
      setText(problem, t('admin-policy-exists', { name }));
      return;
    }
    setText(problem, '');
    draft.CsTeamsMeetingPolicy[name] = structuredClone(draft.CsTeamsMeetingPolicy.Global);
    named.value = '';
    drawPolicies();
    say(t('admin-policy-added', { name }));
  }

  const named = h('input', { id: 'policy-name', testid: 'policy-name', placeholder: 'Customers', required: true, autocomplete: 'off' });
  const json = ['Grant', 'SensitivityLabel', 'MeetingTemplate'].map((name) => jsonField(name, draft));
  drawPolicies();
  return [
    section('CsTeamsMeetingConfiguration', draft.CsTeamsMeetingConfiguration),
    section('CsTeamsAcsFederationConfiguration', draft.CsTeamsAcsFederationConfiguration),
    section('Anteroom', draft.Anteroom),
    policies,
    h(
      'form',
      { class: 'admin-line', on: { submit: addPolicy } },
      h('label', { class: 'field', for: 'policy-name' }, h('span', { text: t('admin-add-policy') }), named),
      h('button', { type: 'submit', testid: 'add-policy', text: t('admin-add') }),
    ),
    ...json,
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', testid: 'dry-run', text: t('admin-dry-run'), on: { click: () => send(true) } }),
      h('button', { type: 'button', class: 'primary', testid: 'apply', text: t('admin-apply'), on: { click: () => send(false) } }),
    ),
    outcome,
  ];
}

function section(title, values) {
  return h('fieldset', {}, h('legend', { text: title, lang: 'en' }), ...Object.keys(values).map((name) => setting(title, values, name)));
}

function setting(title, values, name) {
  const id = `${title}.${name}`.replace(/[^\w.-]/g, '-');
  const value = values[name];
  let control;
  if (typeof value === 'boolean') {
    control = h('input', { id, type: 'checkbox', testid: id, checked: value, on: { change: () => (values[name] = control.checked) } });
  } else if (Array.isArray(value)) {
    const read = () => (values[name] = control.value.split(/[\s,]+/).filter(Boolean));
    control = h('textarea', { id, testid: id, rows: 2, spellcheck: 'false', on: { change: read }, props: { value: value.join('\n') } });
  } else if (typeof value === 'number' || value === null) {
    // Left empty: as the service is configured.
    const read = () => (values[name] = control.value === '' ? null : Number(control.value));
    control = h('input', { id, type: 'number', min: 0, testid: id, value: value ?? '', on: { change: read } });
  } else {
    control = h('input', { id, testid: id, value: String(value), spellcheck: 'false', on: { change: () => (values[name] = control.value.trim()) } });
  }
  return h('div', { class: 'setting' }, h('label', { for: id, lang: 'en', text: name }), control);
}

const EXPLAINED = {
  Grant: textId('admin-grant-explained'),
  SensitivityLabel: textId('admin-label-explained'),
  MeetingTemplate: textId('admin-template-explained'),
};

/** For what has a form of its own: the JSON, checked when it is left. */
function jsonField(name, draft) {
  const problem = h('p', { class: 'form-problem', role: 'alert' });
  const area = h('textarea', { id: name, testid: name, rows: 3, spellcheck: 'false', props: { value: JSON.stringify(draft[name], null, 2) }, on: { change: read } });

  function read() {
    try {
      draft[name] = JSON.parse(area.value);
      setText(problem, '');
    } catch (error) {
      setText(problem, t('admin-not-json', { name, problem: error.message }));
    }
  }

  return h('label', { class: 'field', for: name }, h('span', { text: `${name} – ${t(EXPLAINED[name])}` }), area, problem);
}

function changesTable(changes, dryRun) {
  const rows = [
    ...changes.settings.map((change) => ['', change.setting, shown(change.before), shown(change.after)]),
    ...changes.users.flatMap((user) => user.settings.map((change) => [user.user, change.setting, shown(change.before), shown(change.after)])),
    ...changes.meetings.map((meeting) => [t('admin-guests-of', { meeting: meeting.meeting }), '', meeting.before, meeting.after]),
  ];
  if (rows.length === 0) return [h('p', { text: t('admin-nothing-changes') })];
  const title = dryRun ? t('admin-would-change') : t('admin-has-changed');
  const head = [t('admin-for'), t('admin-setting'), t('admin-before'), t('admin-after')];
  return [h('h2', { text: title }), table(title, head, rows.map((cells) => ({ cells })))];
}
