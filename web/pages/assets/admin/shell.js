/**
 * Header, navigation and the section that is shown: the one the address names, `/admin#meetings`.
 * @module admin/shell
 */

import { h, setAttribute, setText, showView } from '../dom.js';
import { languagePicker, onLanguage, t, textId } from '../i18n.js';
import { icon } from '../icons.js';
import { auditSection } from './audit.js';
import { effectiveSection } from './effective.js';
import { errorsSection } from './errors.js';
import { explainSection } from './explain.js';
import { meetingsSection } from './meetings.js';
import { resourcesSection } from './resources.js';
import { settingsSection } from './settings.js';
import { tenantsSection } from './tenants.js';

/** In the order of the navigation; the first one is shown where the address names none. */
const SECTIONS = {
  settings: { title: textId('admin-settings'), make: settingsSection },
  policies: { title: textId('admin-effective'), make: effectiveSection },
  meetings: { title: textId('admin-meetings'), make: meetingsSection },
  explain: { title: textId('admin-explain'), make: explainSection },
  audit: { title: textId('admin-audit'), make: auditSection },
  tenants: { title: textId('admin-tenants'), make: tenantsSection, operators: true },
  resources: { title: textId('admin-resources'), make: resourcesSection, operators: true },
  errors: { title: textId('admin-errors'), make: errorsSection },
};

/**
 * @typedef {object} Context
 * @property {import('./service.js').Service} service
 * @property {import('./service.js').Me} me the tenant in it is the one that is looked after
 * @property {() => void} signOut
 * @property {(tenant: string) => Promise<void>} lookAfter changes to another tenant, `''` for the own one
 */

/** Undoes what the last shell has set up. */
let takeDown = () => {};

/** Stops everything that goes on by itself; what is shown stays. */
export function closeShell() {
  takeDown();
}

/**
 * @param {Element} container
 * @param {{service: import('./service.js').Service, me: import('./service.js').Me, signOut: () => void}} who
 */
export function showShell(container, { service, me, signOut }) {
  takeDown();
  const own = service.tenant === '';
  /** @type {Context} */
  const context = { service, me, signOut: leave, lookAfter };
  const names = Object.keys(SECTIONS).filter((name) => me.isOperator || !SECTIONS[name].operators);
  /** What was looked at stays as it was left. @type {Map<string, import('./parts.js').Section>} */
  const made = new Map();
  let current = '';

  const links = new Map(
    names.map((name) => [name, h('a', { href: `#${name}`, testid: `nav-${name}`, text: t(SECTIONS[name].title) })]),
  );
  const place = h('div', { class: 'admin-section', id: 'section' });
  const view = h(
    'div',
    { class: 'page admin' },
    h('a', { class: 'skip', href: '#section', text: t('admin-skip'), on: { click: skip } }),
    header(context),
    own ? null : otherTenant(context),
    h(
      'div',
      { class: 'admin-columns' },
      h('nav', { class: 'admin-nav', 'aria-label': t('admin-navigation') }, h('ul', {}, ...[...links.values()].map((link) => h('li', {}, link)))),
      h('main', {}, place),
    ),
  );

  function go({ focus = true } = {}) {
    const wanted = location.hash.slice(1);
    const name = names.includes(wanted) ? wanted : names[0];
    if (name === current) return;
    made.get(current)?.hidden?.();
    current = name;
    if (!made.has(name)) made.set(name, SECTIONS[name].make(context));
    const section = made.get(name);
    place.replaceChildren(section.element);
    for (const [at, link] of links) setAttribute(link, 'aria-current', at === name ? 'page' : null);
    links.get(name).scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
    document.title = `${t(SECTIONS[name].title)} · ${t('admin-title')} · ${t('common-app')}`;
    section.shown?.();
    if (focus) section.element.querySelector('h1')?.focus({ preventScroll: true });
  }

  /** Not by the address, which names the section. */
  function skip(event) {
    event.preventDefault();
    place.querySelector('h1')?.focus();
  }

  function leave() {
    takeDown();
    signOut();
  }

  async function lookAfter(tenant) {
    service.tenant = tenant;
    const meThere = await service.me();
    location.hash = '#settings';
    showShell(container, { service, me: meThere, signOut });
  }

  const onHash = () => go();
  addEventListener('hashchange', onHash);
  const endOnLanguage = onLanguage(() => showShell(container, { service, me, signOut }));
  takeDown = () => {
    removeEventListener('hashchange', onHash);
    endOnLanguage();
    made.get(current)?.hidden?.();
    takeDown = () => {};
  };
  document.body.dataset.view = 'admin';
  showView(container, view, { focus: false });
  go();
}

/** @param {Context} context */
function header({ me, signOut }) {
  return h(
    'header',
    { class: 'brand' },
    icon('arch'),
    h('span', { text: t('common-app') }),
    h('span', { class: 'badge', testid: 'tenant', text: me.tenant.name }),
    h(
      'span',
      { class: 'brand-person' },
      languagePicker(),
      h('span', { class: 'admin-who', text: me.displayName, title: me.upn }),
      h('button', { type: 'button', class: 'small quiet', testid: 'sign-out', on: { click: signOut } }, icon('sign-out'), t('admin-sign-out')),
    ),
  );
}

/** An operator who looks after a tenant that is not the own one is reminded of that all the time. */
function otherTenant({ me, lookAfter }) {
  const line = h('span', {});
  setText(line, t('admin-other-tenant', { tenant: me.tenant.name }));
  return h(
    'div',
    { class: 'admin-other', role: 'status' },
    line,
    h('button', { type: 'button', class: 'small', testid: 'own-tenant', text: t('admin-back-to-own'), on: { click: () => lookAfter('') } }),
  );
}
