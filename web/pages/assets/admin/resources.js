/**
 * ACS resources and their access keys, for operators. Keys are shown on request, and go away by themselves.
 * @module admin/resources
 */

import { toast } from '../announce.js';
import { h } from '../dom.js';
import { formatDate, formatNumber, t, textId } from '../i18n.js';
import { icon } from '../icons.js';
import { attempt, card, confirmed, field, problemLine } from './parts.js';

/** How long keys stay in view. */
const SHOWN_MS = 60_000;

const SLOTS = {
  primary: { regenerate: textId('admin-regenerate-primary'), question: textId('admin-regenerate-primary-question') },
  secondary: { regenerate: textId('admin-regenerate-secondary'), question: textId('admin-regenerate-secondary-question') },
};

const SECRETS = {
  primaryKey: textId('admin-primary-key'),
  primaryConnectionString: textId('admin-primary-connection-string'),
  secondaryKey: textId('admin-secondary-key'),
  secondaryConnectionString: textId('admin-secondary-connection-string'),
};

/** @returns {import('./parts.js').Section} */
export function resourcesSection({ service }) {
  const problem = problemLine('resources-problem');
  const list = h('div', { class: 'admin-meetings', testid: 'resources' });
  const name = h('input', { testid: 'resource-name', required: true, maxlength: 64, pattern: '[A-Za-z0-9._\\-]+', autocomplete: 'off', spellcheck: 'false' });
  /** @type {ReturnType<typeof resourceCard>[]} */
  let cards = [];

  function look() {
    return attempt(problem, async () => {
      const resources = await service.get('resources');
      for (const old of cards) old.hide();
      cards = resources.map((resource) => resourceCard(resource, service));
      list.replaceChildren(...cards.map(({ element }) => element));
    });
  }

  async function create(event) {
    event.preventDefault();
    await attempt(problem, async () => {
      const made = await service.post('resources', { name: name.value.trim() });
      name.value = '';
      toast(t('admin-resource-made', { name: made.name }));
    });
    if (!problem.textContent) await look();
  }

  return {
    element: card(
      t('admin-resources'),
      t('admin-resources-lead'),
      problem,
      list,
      h(
        'form',
        { class: 'admin-line', on: { submit: create } },
        field('resource-name', t('admin-new-resource'), name),
        h('button', { type: 'submit', testid: 'add-resource', text: t('admin-add') }),
      ),
    ),
    shown: () => void look(),
    hidden: () => {
      for (const one of cards) one.hide();
    },
  };
}

function resourceCard(first, service) {
  let resource = first;
  let timer = 0;
  const title = resource.name || t('admin-first');
  const problem = problemLine('resource-problem');
  const facts = h('p', { class: 'fine-print', testid: 'resource-facts' });
  const secrets = h('dl', { class: 'admin-secrets', testid: 'secrets', 'aria-live': 'polite' });
  const reveal = h('button', { type: 'button', class: 'small', testid: 'reveal', 'aria-expanded': 'false', text: t('admin-reveal'), on: { click: toggle } });
  const path = `resources/${encodeURIComponent(resource.id)}/keys`;

  function draw() {
    const [primary, secondary] = resource.rotations;
    facts.textContent = [
      resource.endpoint,
      t('admin-created', { date: formatDate(new Date(resource.createdOn), { dateStyle: 'medium' }) }),
      t('admin-rotations', { primary: formatNumber(primary), secondary: formatNumber(secondary) }),
    ].join(' · ');
  }

  function toggle() {
    if (secrets.firstChild) hide();
    else attempt(problem, show);
  }

  async function show() {
    const keys = await service.post(`${path}/reveal`);
    secrets.replaceChildren(...Object.entries(SECRETS).flatMap(([name, id]) => secret(t(id), keys[name], name)));
    reveal.textContent = t('admin-hide');
    reveal.setAttribute('aria-expanded', 'true');
    clearTimeout(timer);
    timer = setTimeout(hide, SHOWN_MS);
  }

  function hide() {
    clearTimeout(timer);
    secrets.replaceChildren();
    reveal.textContent = t('admin-reveal');
    reveal.setAttribute('aria-expanded', 'false');
  }

  async function regenerate(slot) {
    const sure = await confirmed({ title: t(SLOTS[slot].question, { name: title }), text: t('admin-regenerate-consequence'), action: t('admin-regenerate') });
    if (!sure) return;
    await attempt(problem, async () => {
      resource = await service.post(`${path}/${slot}/rotate`);
      draw();
      toast(t('admin-regenerated'));
      // What is shown is not true any more.
      if (secrets.firstChild) await show();
    });
  }

  draw();
  const element = h(
    'article',
    { class: 'admin-meeting', testid: 'resource' },
    h('h2', { text: title }),
    h('p', {}, h('code', { text: resource.id })),
    facts,
    problem,
    h(
      'div',
      { class: 'actions' },
      reveal,
      ...Object.entries(SLOTS).map(([slot, { regenerate: label }]) =>
        h('button', { type: 'button', class: 'small', testid: `rotate-${slot}`, text: t(label), on: { click: () => regenerate(slot) } }),
      ),
    ),
    secrets,
  );
  return { element, hide };
}

function secret(label, value, name) {
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    toast(t('admin-copied'));
  };
  return [
    h('dt', { text: label }),
    h(
      'dd',
      {},
      h('code', { testid: `secret-${name}`, text: value }),
      h('button', { type: 'button', class: 'small quiet square', 'aria-label': t('admin-copy', { what: label }), on: { click: copy } }, icon('copy')),
    ),
  ];
}
