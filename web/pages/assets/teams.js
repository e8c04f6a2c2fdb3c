/**
 * The Teams side's page, `/teams`: sign in as a directory user, pick a meeting, run it.
 * @module teams
 */

import { prepareAnnouncements, toast } from './announce.js';
import { ApiError, me, meetNow, meetings, signalingUrl } from './api.js';
import { Calendar } from './calendar.js';
import { showCall } from './call-view.js';
import { LocalMedia } from './devices.js';
import { h, showView } from './dom.js';
import { catalogues, languagePicker, onLanguage, t, withoutIsolates } from './i18n.js';
import { icon } from './icons.js';
import { preview } from './preview.js';
import { showSchedule } from './schedule.js';
import { Conference as Call } from './session.js';
import { comeBack, forget, freshToken, recall, showSignIn, signOut as endSession } from './sign-in.js';

/** How far ahead the calendar is shown, in days. */
const DAYS = 30;
/** Who comes back to the page after this many milliseconds sees the calendar as it is then. */
const STALE_MS = 30_000;

const container = document.getElementById('app');
const link = new URLSearchParams(location.search).get('link')?.trim() ?? '';

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

await catalogues('common', 'people', 'teams');
document.title = t('teams-page-title');
prepareAnnouncements();
comeBack().then(start, start);

/** Back to the meetings, or to the sign-in. */
async function start() {
  if (!recall()) {
    askToSignIn();
    return;
  }
  try {
    const [person, calendar] = await Promise.all([me(freshToken), upcoming()]);
    showMeetings(person, calendar);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    forget();
    askToSignIn(error.status === 401 ? t('teams-sign-in-again') : error.message);
  }
}

function askToSignIn(message = '') {
  document.title = t('teams-page-title');
  showSignIn(container, { lead: () => t('teams-lead'), message, signedIn: start });
}

/** From today on. */
function upcoming() {
  const now = new Date();
  const from = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  return meetings(freshToken, from, new Date(now.getFullYear(), now.getMonth(), now.getDate() + DAYS));
}

/**
 * @param {{displayName: string, userPrincipalName: string}} person
 * @param {import('./api.js').CalendarEntry[]} entries
 */
function showMeetings(person, entries) {
  const local = new LocalMedia();
  window.anteroom.local = local;
  let devices = preview(local);
  let calendar = draw();
  let read = Date.now();
  local.open();
  const relabel = onLanguage(() => {
    devices.stop();
    calendar.close();
    devices = preview(local);
    calendar = draw();
    document.querySelector('[data-testid="language"]')?.focus();
  });
  document.addEventListener('visibilitychange', comesBack);

  function draw() {
    document.body.dataset.view = 'meetings';
    document.title = t('teams-page-title');
    const list = new Calendar({ token: freshToken, join: enter, changed: refresh });
    list.show(entries);
    showView(container, page(person, { calendar: list, devices, enter, signOut, meet, plan: () => showSchedule(freshToken, refresh) }));
    return list;
  }

  async function refresh() {
    entries = await upcoming();
    read = Date.now();
    calendar.show(entries);
  }

  function comesBack() {
    if (document.visibilityState === 'visible' && Date.now() - read > STALE_MS) refresh().catch((error) => console.warn('calendar', error));
  }

  /** What belongs to this view ends with it. */
  function done() {
    relabel();
    document.removeEventListener('visibilitychange', comesBack);
    calendar.close();
    devices.stop();
  }

  function enter(meetingLink) {
    done();
    const call = new Call({ url: signalingUrl(), token: freshToken, link: meetingLink, displayName: person.displayName, local });
    window.anteroom.call = call;
    call.addEventListener('change', () => {
      if (call.end?.key === 'unauthenticated') forget();
    });
    showCall(container, call, local, { rejoin: start, back: { label: t('teams-my-meetings'), action: start }, guestLink: true });
  }

  async function meet() {
    try {
      const { joinWebUrl } = await meetNow(freshToken, withName(person.displayName));
      enter(joinWebUrl);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast(error.message);
    }
  }

  function signOut() {
    done();
    local.close();
    endSession();
    askToSignIn();
  }
}

/** The subject of a meeting that begins now; what is stored has no marks of direction. */
function withName(name) {
  return withoutIsolates(t('teams-meeting-with', { name }));
}

function page(person, { calendar, devices, enter, signOut, meet, plan }) {
  return h(
    'div',
    { class: 'page' },
    h(
      'header',
      { class: 'brand' },
      icon('arch'),
      h('span', { text: t('common-app') }),
      h('span', { class: 'brand-person' }, h('span', { text: person.displayName }), h('button', { type: 'button', class: 'small quiet', testid: 'sign-out', on: { click: signOut } }, icon('sign-out'), t('common-sign-out'))),
    ),
    h(
      'main',
      { class: 'join-columns' },
      devices.element,
      h(
        'section',
        { class: 'card meetings', 'aria-labelledby': 'meetings-title' },
        h(
          'div',
          { class: 'meetings-head' },
          h('h1', { id: 'meetings-title', text: t('teams-your-meetings') }),
          h('button', { type: 'button', class: 'small', testid: 'meet-now', on: { click: meet } }, icon('camera'), t('teams-meet-now')),
          h('button', { type: 'button', class: 'small primary', testid: 'new-meeting', on: { click: plan } }, icon('calendar'), t('teams-new-meeting')),
        ),
        calendar.element,
        linkForm(enter),
      ),
    ),
    h('footer', { class: 'page-foot' }, languagePicker()),
  );
}

function linkForm(enter) {
  const address = h('input', { id: 'link', testid: 'link', type: 'url', required: true, placeholder: 'https://…', value: link, autocomplete: 'off' });
  return h(
    'form',
    {
      class: 'link-form',
      on: {
        submit: (event) => {
          event.preventDefault();
          enter(address.value.trim());
        },
      },
    },
    h('label', { class: 'field', for: 'link' }, h('span', { text: t('teams-join-with-link') }), address),
    h('button', { type: 'submit', testid: 'join-link', text: t('teams-join') }),
  );
}
