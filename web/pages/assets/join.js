/**
 * The guest's page, `/join?link=…`, or `/join?room=…` for an ACS room: stands for the app of a company whose guests meet its employees.
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
import { h, setText, showView } from './dom.js';
import { catalogues } from './i18n.js';
import { icon } from './icons.js';
import { preferences, remember } from './preferences.js';
import { preview } from './preview.js';

const container = document.getElementById('app');
const query = new URLSearchParams(location.search);
const link = query.get('link')?.trim() ?? '';
const room = query.get('room')?.trim() ?? '';
let token = takeToken();

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

await catalogues('common', 'people');
prepareAnnouncements();
prejoin();

/** Asks for the name, shows camera and microphone. */
function prejoin() {
  document.body.dataset.view = 'prejoin';
  const local = new LocalMedia();
  window.anteroom.local = local;
  const devices = preview(local);
  const name = h('input', {
    testid: 'name',
    id: 'name',
    name: 'name',
    type: 'text',
    autocomplete: 'name',
    maxlength: 256,
    required: true,
    autofocus: true,
    placeholder: 'How others will see you',
    value: preferences().name,
  });
  const address = h('input', { testid: 'link', id: 'link', name: 'link', type: 'url', required: true, placeholder: 'https://…', value: link, autocomplete: 'off' });
  const problem = h('p', { class: 'form-problem', role: 'alert', testid: 'problem' });
  const join = h('button', { type: 'submit', class: 'primary wide', testid: 'join', text: 'Join now' });
  const form = h(
    'form',
    { class: 'card join-form', on: { submit } },
    h('h1', { text: room ? 'Join the room' : 'Join the meeting' }),
    h('p', {
      class: 'lead',
      text: room ? 'You join a room you are invited to.' : 'You join as a guest. Someone in the meeting may have to let you in.',
    }),
    h('label', { class: 'field', for: 'name' }, h('span', { text: 'Your name' }), name),
    !link && !room && h('label', { class: 'field', for: 'link' }, h('span', { text: 'Meeting link' }), address),
    problem,
    join,
  );

  async function submit(event) {
    event.preventDefault();
    const displayName = name.value.trim();
    if (!displayName) {
      setText(problem, 'Please enter your name.');
      name.focus();
      return;
    }
    join.disabled = true;
    setText(problem, '');
    try {
      token ??= (await guestToken()).token;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(problem, error.message);
      join.disabled = false;
      return;
    }
    remember({ name: displayName });
    devices.stop();
    enter(displayName, link || address.value.trim(), local);
  }

  showView(
    container,
    h('main', { class: 'page join' }, h('header', { class: 'brand' }, icon('arch'), h('span', { text: 'Anteroom' })), h('div', { class: 'join-columns' }, devices.element, form)),
  );
  local.open();
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
  showCall(container, call, local, { rejoin: prejoin });
}

/** The token an embedding app passes in the fragment; it does not stay in the address bar or the history. */
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) history.replaceState(null, '', location.pathname + location.search);
  return given ?? undefined;
}
