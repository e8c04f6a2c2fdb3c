/**
 * What is set for the tenant: every value with a control that fits its kind. Names are those of the cmdlets.
 * @module admin/settings
 */

import { say, toast } from '../announce.js';
import { h, setText } from '../dom.js';
import { t } from '../i18n.js';
import { choice, group, restriction, setting } from './controls.js';
import { Grants } from './grants.js';
import { attempt, card, field, outcomePlace, problemLine, shown, table } from './parts.js';

/** What can be added under a name of its own. */
const MEETING_POLICY = 'CsTeamsMeetingPolicy';
const ACCESS_POLICY = 'CsExternalAccessPolicy';
const LABEL = 'SensitivityLabel';
const TEMPLATE = 'MeetingTemplate';
/** Every kind of policy has it, and it stays. */
const GLOBAL = 'Global';

/** @returns {import('./parts.js').Section} */
export function settingsSection({ service }) {
  const problem = problemLine('problem');
  const body = h('div', {}, h('p', { text: t('admin-loading') }));
  const element = card(t('admin-settings'), t('admin-settings-lead'), body, problem);
  attempt(problem, async () => {
    const [draft, choices] = await Promise.all([service.get('tenant'), service.get('tenant/choices')]);
    body.replaceChildren(...form(service, draft, choices, problem));
  });
  return { element };
}

function form(service, draft, { values: choices, restrictions }, problem) {
  const outcome = outcomePlace('changes');
  const named = h('div', {});
  const grants = new Grants(draft, choices.PolicyType);

  function drawNamed() {
    const policies = [MEETING_POLICY, ACCESS_POLICY].flatMap((kind) =>
      Object.entries(draft[kind]).map(([name, policy]) => one(kind, name, Object.keys(policy), (title, option) => setting(title, policy, option, choices))));
    const levels = [LABEL, TEMPLATE].flatMap((kind) =>
      Object.entries(draft[kind]).map(([name, fixed]) => one(kind, name, restrictions, (title, option) => restriction(title, fixed, option, choices))));
    named.replaceChildren(...policies, ...levels);
  }

  /** One policy, label or template. */
  function one(kind, name, options, control) {
    const title = `${kind} ${name}`;
    const removed = () => {
      delete draft[kind][name];
      drawNamed();
      grants.draw();
      say(t('admin-removed', { name }));
      add.focus();
    };
    const remove = h('button', { type: 'button', class: 'small', testid: `remove-${kind}-${name}`, text: t('admin-remove'), 'aria-label': t('admin-remove-named', { name: title }), on: { click: removed } });
    return group(title, ...options.map((option) => control(title, option)), name === GLOBAL ? null : remove);
  }

  async function send(dryRun) {
    outcome.replaceChildren();
    await attempt(problem, async () => {
      const changes = await service.put('tenant', { dryRun: String(dryRun) }, draft);
      outcome.append(...changesTable(changes, dryRun));
      if (!dryRun) toast(t('admin-applied'));
    });
  }

  function addNamed(event) {
    event.preventDefault();
    const wanted = name.value.trim();
    const all = draft[kind.value];
    if (!wanted) return;
    if (Object.hasOwn(all, wanted)) {
      setText(problem, t('admin-exists', { name: wanted }));
      return;
    }
    setText(problem, '');
    // A policy begins as Global is, a label or a template without fixing anything.
    all[wanted] = structuredClone(all[GLOBAL] ?? {});
    name.value = '';
    drawNamed();
    grants.draw();
    say(t('admin-added', { name: wanted }));
  }

  const kind = choice(MEETING_POLICY, [MEETING_POLICY, ACCESS_POLICY, LABEL, TEMPLATE], () => {});
  kind.dataset.testid = 'policy-kind';
  const name = h('input', { testid: 'policy-name', placeholder: 'Customers', required: true, autocomplete: 'off' });
  const add = h('button', { type: 'submit', testid: 'add-policy', text: t('admin-add') });
  drawNamed();
  const section = (title) => group(title, ...Object.keys(draft[title]).map((option) => setting(title, draft[title], option, choices)));
  return [
    section('CsTeamsMeetingConfiguration'),
    section('CsTeamsAcsFederationConfiguration'),
    section('Anteroom'),
    named,
    h('form', { class: 'admin-line', on: { submit: addNamed } }, field('policy-kind', t('admin-add-named'), kind), field('policy-name', t('admin-name'), name), add),
    h('p', { class: 'fine-print', text: t('admin-named-explained') }),
    grants.element,
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', testid: 'dry-run', text: t('admin-dry-run'), on: { click: () => send(true) } }),
      h('button', { type: 'button', class: 'primary', testid: 'apply', text: t('admin-apply'), on: { click: () => send(false) } }),
    ),
    outcome,
  ];
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
