/**
 * The guest's page, `/join?link=…`, or `/join?room=…` for an ACS room: stands for the app of a company whose guests meet
 * its employees.
 *
 * The access token comes from the company's back end (in development the service stands in for it), or from the app that
 * opens this page, as `#token=…`.
 * @module join
 */

import { prepareAnnouncements } from './announce.js';
import { ApiError, guestToken, signalingUrl } from './api.js';
import { Conference as Call } from './session.js';
import { showCall } from './call-view.js';
import { LocalMedia } from './devices.js';
import { h, setAttribute, setText, showView } from './dom.js';
import { onLanguage, t, textId } from './i18n.js';
import { icon } from './icons.js';
import { checkLink } from './meeting-link.js';
import { networkCheck } from './network-view.js';
import { preferences, remember } from './preferences.js';
import { preview } from './preview.js';
import { openSettings } from './settings.js';

const LINK_PROBLEMS = {
  empty: textId('call-link-empty'),
  long: textId('call-link-long'),
  malformed: textId('call-link-malformed'),
  scheme: textId('call-link-scheme'),
  government: textId('call-link-government'),
  'other-page': textId('call-link-other-page'),
  'not-meeting': textId('call-link-not-meeting'),
  'unknown-host': textId('call-link-unknown-host'),
};

const container = document.getElementById('app');
const query = new URLSearchParams(location.search);
const room = query.get('room')?.trim() ?? '';
const given = checkLink(query.get('link') ?? '', location.origin);
let token = takeToken();
/** A token that is being fetched. @type {Promise<string>|null} */
let fetching = null;
/** Ends the page before the call, when another one takes its place. */
let leave = () => {};

/** What tests and a person at the console can look at. */
window.anteroom = {
  /** @type {Call|null} */
  call: null,
  /** @type {LocalMedia|null} */
  local: null,
  get pc() {
    return this.call?.pc ?? null;
  },
};

prepareAnnouncements();
prejoin();

/**
 * Asks for the name, shows camera and microphone.
 * @param {{local?: LocalMedia, typed?: {name: string, link: string}}} [before] what was there already, in another language
 */
function prejoin({ local = new LocalMedia(), typed } = {}) {
  document.body.dataset.view = 'prejoin';
  document.title = `${t('call-join-title')} · Anteroom`;
  window.anteroom.local = local;
  const devices = preview(local);
  const network = networkCheck({ token: accessToken });
  const name = h('input', {
    testid: 'name',
    id: 'name',
    name: 'name',
    type: 'text',
    autocomplete: 'name',
    maxlength: 256,
    required: true,
    placeholder: t('call-name-placeholder'),
    value: typed?.name ?? preferences().name,
  });
  const address = h('input', { testid: 'link', id: 'link', name: 'link', type: 'url', inputmode: 'url', placeholder: 'https://…', value: typed?.link ?? given.link, autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'link-problem', on: { input: linkTyped, change: showLinkProblem } });
  const linkProblem = h('p', { class: 'form-problem', id: 'link-problem', role: 'alert', testid: 'link-problem' });
  const problem = h('p', { class: 'form-problem', role: 'alert', testid: 'problem' });
  const join = h('button', { type: 'submit', class: 'primary wide', testid: 'join', text: t('call-join') });
  // A good link that the page was opened with need not be seen.
  const asked = !room && given.problem !== null;
  const form = h(
    'form',
    { class: 'card join-form', novalidate: true, on: { submit } },
    h('h1', { text: t(room ? 'call-join-room' : 'call-join-meeting') }),
    h('p', { class: 'lead', text: t(room ? 'call-join-room-lead' : 'call-join-meeting-lead') }),
    asked && h('div', { class: 'field' }, h('label', { for: 'link', text: t('call-link') }), address, linkProblem),
    h('label', { class: 'field', for: 'name' }, h('span', { text: t('call-name') }), name),
    problem,
    join,
    network.element,
  );
  const start = asked && !typed && given.problem !== 'empty' ? address : name;
  start.setAttribute('autofocus', '');

  /** Camera and microphone are asked for once there is a meeting to join. */
  function linkTyped() {
    if (linkProblem.textContent !== '') showLinkProblem();
    if (checkLink(address.value, location.origin).problem === null) openDevices();
  }

  function showLinkProblem() {
    const { problem: found } = checkLink(address.value, location.origin);
    setText(linkProblem, found ? t(LINK_PROBLEMS[found]) : '');
    setAttribute(linkProblem, 'data-key', found);
    setAttribute(address, 'aria-invalid', found ? 'true' : null);
    return found;
  }

  function openDevices() {
    if (!local.opened) local.open();
  }

  async function submit(event) {
    event.preventDefault();
    if (asked && showLinkProblem()) {
      address.focus();
      return;
    }
    const displayName = name.value.trim();
    if (!displayName) {
      setText(problem, t('call-name-missing'));
      setAttribute(name, 'aria-invalid', 'true');
      name.focus();
      return;
    }
    setAttribute(name, 'aria-invalid', null);
    join.disabled = true;
    setText(problem, '');
    try {
      await accessToken();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(problem, error.message);
      join.disabled = false;
      return;
    }
    remember({ name: displayName });
    leave();
    enter(displayName, asked ? checkLink(address.value, location.origin).link : given.link, local);
  }

  const quiet = onLanguage(() => {
    leave();
    prejoin({ local, typed: { name: name.value, link: address.value } });
  });
  leave = () => {
    quiet();
    network.close();
    devices.stop();
  };
  showView(
    container,
    h(
      'main',
      { class: 'page join' },
      h(
        'header',
        { class: 'brand' },
        icon('arch'),
        h('span', { text: 'Anteroom' }),
        h('button', { type: 'button', class: 'quiet square brand-end', testid: 'settings-open', 'aria-label': t('call-settings'), title: t('call-settings'), on: { click: () => openSettings(null, { language: true }) } }, icon('settings')),
      ),
      h('div', { class: 'join-columns' }, devices.element, form),
    ),
  );
  if (asked && given.problem !== 'empty' && !typed) showLinkProblem();
  if (!asked) openDevices();
}

/** The token of the app that opened this page, or a new guest's. */
async function accessToken() {
  if (token) return token;
  fetching ??= guestToken().then((answer) => answer.token);
  try {
    token = await fetching;
  } finally {
    fetching = null;
  }
  return token;
}

/**
 * @param {string} displayName
 * @param {string} meetingLink
 * @param {LocalMedia} local
 */
function enter(displayName, meetingLink, local) {
  const call = new Call({ url: signalingUrl(), token, link: meetingLink, room, displayName, local });
  window.anteroom.call = call;
  call.addEventListener('change', () => {
    // A refused token is of no use for the next attempt.
    if (call.end?.key === 'unauthenticated') token = undefined;
  });
  showCall(container, call, local, { rejoin: () => prejoin() });
}

/** The token an embedding app passes in the fragment; it does not stay in the address bar or the history. */
function takeToken() {
  const passed = new URLSearchParams(location.hash.slice(1)).get('token');
  if (passed) history.replaceState(null, '', location.pathname + location.search);
  return passed ?? undefined;
}
