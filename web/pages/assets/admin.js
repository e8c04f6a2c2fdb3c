/**
 * The administrators' page, `/admin`: what is set for the tenant, why a guest gets in or not, and what tiers of
 * protection find fault with.
 * @module admin
 */

import { prepareAnnouncements, say, toast } from './announce.js';
import { administer, ApiError } from './api.js';
import { h, setText, showView } from './dom.js';
import { catalogues } from './i18n.js';
import { icon } from './icons.js';
import { comeBack, forget, recall, showSignIn, signOut as endSession } from './sign-in.js';

const LEAD = 'For administrators of the organization.';
const TIERS = ['baseline', 'sensitive', 'highly-sensitive'];

const container = document.getElementById('app');

await catalogues('common');
prepareAnnouncements();
comeBack().then(start, start);

/** The settings, or the sign-in. */
async function start() {
  const session = recall();
  if (!session) {
    showSignIn(container, { lead: LEAD, signedIn: start });
    return;
  }
  try {
    show(session.token, await administer('GET', 'tenant', session.token));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    forget();
    const message = error.status === 401 ? 'Please sign in again.' : error.status === 403 ? 'You do not administer this organization.' : error.message;
    showSignIn(container, { lead: LEAD, message, signedIn: start });
  }
}

function show(token, file) {
  document.body.dataset.view = 'admin';
  showView(
    container,
    h(
      'main',
      { class: 'page admin' },
      h('header', { class: 'brand' }, icon('arch'), h('span', { text: 'Anteroom' }), h('span', { class: 'brand-person' }, h('button', { type: 'button', class: 'small quiet', testid: 'sign-out', on: { click: signOut } }, icon('sign-out'), 'Sign out'))),
      settings(token, file),
      explanation(token),
      audit(token),
    ),
  );

  function signOut() {
    endSession();
    start();
  }
}

/** Every value of the file with a control that fits its kind; names are those of the cmdlets. */
function settings(token, file) {
  const outcome = h('div', { class: 'outcome', 'aria-live': 'polite', testid: 'changes' });
  const problem = h('p', { class: 'form-problem', role: 'alert', testid: 'problem' });
  const draft = structuredClone(file);
  const policies = h('div', {});

  function drawPolicies() {
    policies.replaceChildren(
      ...Object.entries(draft.CsTeamsMeetingPolicy).map(([name, policy]) => section(`CsTeamsMeetingPolicy ${name}`, policy)),
      ...Object.entries(draft.CsExternalAccessPolicy).map(([name, policy]) => section(`CsExternalAccessPolicy ${name}`, policy)),
    );
  }

  async function send(dryRun) {
    setText(problem, '');
    outcome.replaceChildren();
    try {
      const changes = await administer('PUT', `tenant?dryRun=${dryRun}`, token, draft);
      outcome.append(...changesTable(changes, dryRun));
      if (!dryRun) toast('The settings hold from now on.');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(problem, error.message);
    }
  }

  function addPolicy(event) {
    event.preventDefault();
    const name = named.value.trim();
    if (!name || draft.CsTeamsMeetingPolicy[name]) return;
    draft.CsTeamsMeetingPolicy[name] = structuredClone(draft.CsTeamsMeetingPolicy.Global);
    named.value = '';
    drawPolicies();
    say(`The policy ${name} was added, like Global.`);
  }

  const named = h('input', { id: 'policy-name', testid: 'policy-name', placeholder: 'Customers', required: true, autocomplete: 'off' });
  const grants = jsonField('Grant', draft.Grant, (value) => (draft.Grant = value), 'To whom policies are granted.');
  const labels = jsonField('SensitivityLabel', draft.SensitivityLabel, (value) => (draft.SensitivityLabel = value), 'What sensitivity labels fix.');
  const templates = jsonField('MeetingTemplate', draft.MeetingTemplate, (value) => (draft.MeetingTemplate = value), 'What meeting templates fix.');
  drawPolicies();
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'settings-title' },
    h('h1', { id: 'settings-title', text: 'Settings' }),
    h('p', { class: 'lead', text: 'Under the names of the PowerShell cmdlets. They hold at once, in running meetings, too.' }),
    section('CsTeamsMeetingConfiguration', draft.CsTeamsMeetingConfiguration),
    section('CsTeamsAcsFederationConfiguration', draft.CsTeamsAcsFederationConfiguration),
    section('Anteroom', draft.Anteroom),
    policies,
    h('form', { class: 'link-form', on: { submit: addPolicy } }, h('label', { class: 'field', for: 'policy-name' }, h('span', { text: 'Add a meeting policy' }), named), h('button', { type: 'submit', testid: 'add-policy', text: 'Add' })),
    grants,
    labels,
    templates,
    problem,
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', testid: 'dry-run', text: 'Show what would change', on: { click: () => send(true) } }),
      h('button', { type: 'button', class: 'primary', testid: 'apply', text: 'Apply', on: { click: () => send(false) } }),
    ),
    outcome,
  );
}

function section(title, values) {
  return h('fieldset', {}, h('legend', { text: title }), ...Object.keys(values).map((name) => setting(title, values, name)));
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
  } else {
    control = h('input', { id, testid: id, value: String(value), spellcheck: 'false', on: { change: () => (values[name] = control.value.trim()) } });
  }
  return h('div', { class: 'setting' }, h('label', { for: id, text: name }), control);
}

/** For what has a form of its own: the JSON, checked when it is left. */
function jsonField(name, value, changed, explained) {
  const problem = h('p', { class: 'form-problem', role: 'alert' });
  const area = h('textarea', { id: name, testid: name, rows: 3, spellcheck: 'false', props: { value: JSON.stringify(value, null, 2) }, on: { change: read } });

  function read() {
    try {
      changed(JSON.parse(area.value));
      setText(problem, '');
    } catch (error) {
      setText(problem, `${name} is not JSON: ${error.message}`);
    }
  }

  return h('label', { class: 'field', for: name }, h('span', { text: `${name} – ${explained}` }), area, problem);
}

function changesTable(changes, dryRun) {
  const rows = [
    ...changes.settings.map((change) => ['', change.setting, JSON.stringify(change.before) ?? '–', JSON.stringify(change.after) ?? '–']),
    ...changes.users.flatMap((user) => user.settings.map((change) => [user.user, change.setting, JSON.stringify(change.before) ?? '–', JSON.stringify(change.after) ?? '–'])),
    ...changes.meetings.map((meeting) => [`Guests of ${meeting.meeting}`, '', meeting.before, meeting.after]),
  ];
  if (rows.length === 0) return [h('p', { text: 'Nothing changes.' })];
  return [h('h2', { text: dryRun ? 'This would change' : 'This has changed' }), table(['For', 'Setting', 'Before', 'After'], rows.map((cells) => ({ cells })))];
}

function explanation(token) {
  const outcome = h('div', { class: 'outcome', 'aria-live': 'polite', testid: 'explanation' });
  const problem = h('p', { class: 'form-problem', role: 'alert' });
  const link = h('input', { id: 'explain-link', testid: 'explain-link', type: 'url', required: true, placeholder: 'https://…', autocomplete: 'off' });
  const name = h('input', { id: 'explain-name', testid: 'explain-name', value: 'Guest', required: true, autocomplete: 'off' });
  const resource = h('input', { id: 'explain-resource', testid: 'explain-resource', placeholder: 'the first one', autocomplete: 'off' });

  async function submit(event) {
    event.preventDefault();
    setText(problem, '');
    outcome.replaceChildren();
    try {
      const body = { link: link.value.trim(), name: name.value, resource: resource.value.trim() };
      const answer = await administer('POST', 'explain-join', token, body);
      const rows = answer.steps.map((step) => ({ decides: step.decides, cells: [step.passes ? 'passes' : 'stops', step.level, step.setting, step.value, step.changedBy, step.how] }));
      outcome.append(
        h('p', {}, h('b', { text: answer.summary })),
        answer.reason ? h('p', { text: `The guest is told: ${answer.reason.message} (${answer.reason.code}/${answer.reason.subCode})` }) : h('p', { text: '' }),
        table(['', 'Level', 'Setting', 'Value', 'Can be changed by', 'How'], rows),
      );
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(problem, error.message);
    }
  }

  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'explain-title' },
    h('h1', { id: 'explain-title', text: 'Explain a join' }),
    h(
      'form',
      { on: { submit } },
      h('label', { class: 'field', for: 'explain-link' }, h('span', { text: 'Meeting link' }), link),
      h('label', { class: 'field', for: 'explain-name' }, h('span', { text: 'Name the guest gives' }), name),
      h('label', { class: 'field', for: 'explain-resource' }, h('span', { text: 'ACS resource, by name or id' }), resource),
      problem,
      h('button', { type: 'submit', class: 'primary', testid: 'explain', text: 'Explain' }),
    ),
    outcome,
  );
}

function audit(token) {
  const outcome = h('div', { class: 'outcome', 'aria-live': 'polite', testid: 'findings' });
  const problem = h('p', { class: 'form-problem', role: 'alert' });

  async function compare(tier) {
    setText(problem, '');
    outcome.replaceChildren();
    try {
      const { findings } = await administer('GET', `audit?tier=${tier}`, token);
      const rows = findings.map((found) => ({ cells: [found.place, found.setting, found.value, found.wanted, found.consequence, found.fix] }));
      outcome.append(rows.length > 0 ? table(['Where', 'Setting', 'Value', 'Wanted', 'Who could do what', 'What closes it'], rows) : h('p', { text: `Nothing found: the tier ${tier} is met.` }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(problem, error.message);
    }
  }

  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'audit-title' },
    h('h1', { id: 'audit-title', text: 'Compare with a tier of protection' }),
    h('div', { class: 'actions' }, ...TIERS.map((tier) => h('button', { type: 'button', testid: `audit-${tier}`, text: tier, on: { click: () => compare(tier) } }))),
    problem,
    outcome,
  );
}

function table(head, rows) {
  return h(
    'table',
    {},
    h('thead', {}, h('tr', {}, ...head.map((text) => h('th', { scope: 'col', text })))),
    h('tbody', {}, ...rows.map(({ cells, decides = false }) => h('tr', { data: { decides: String(decides) } }, ...cells.map((text) => h('td', { text }))))),
  );
}
