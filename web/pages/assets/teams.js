/**
 * The Teams side's page, `/teams`: sign in as a directory user, pick a meeting, run it.
 * @module teams
 */

import { prepareAnnouncements, toast } from './announce.js';
import { ApiError, me, meetings, signalingUrl } from './api.js';
import { Conference as Call } from './session.js';
import { showCall } from './call-view.js';
import { LocalMedia } from './devices.js';
import { h, showView } from './dom.js';
import { icon } from './icons.js';
import { preview } from './preview.js';
import { comeBack, forget, recall, showSignIn, signOut as endSession } from './sign-in.js';

const LEAD = 'The Teams side: for people of the organization.';
const DAY = new Intl.DateTimeFormat([], { weekday: 'short', day: 'numeric', month: 'short' });
const TIME = new Intl.DateTimeFormat([], { hour: 'numeric', minute: '2-digit' });

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

prepareAnnouncements();
comeBack().then(start, start);

/** Back to the meetings, or to the sign-in. */
async function start() {
  const session = recall();
  if (!session) {
    showSignIn(container, { lead: LEAD, signedIn: start });
    return;
  }
  try {
    const [person, calendar] = await Promise.all([me(session.token), meetings(session.token)]);
    showMeetings(session.token, person, calendar);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    forget();
    const message = error.status === 401 ? 'Please sign in again.' : error.message;
    showSignIn(container, { lead: LEAD, message, signedIn: start });
  }
}

/**
 * @param {string} token
 * @param {{displayName: string, userPrincipalName: string}} person
 * @param {Awaited<ReturnType<typeof meetings>>} calendar
 */
function showMeetings(token, person, calendar) {
  document.body.dataset.view = 'meetings';
  const local = new LocalMedia();
  window.anteroom.local = local;
  const devices = preview(local);

  function enter(meetingLink) {
    devices.stop();
    const call = new Call({ url: signalingUrl(), token, link: meetingLink, displayName: person.displayName, local });
    window.anteroom.call = call;
    call.addEventListener('change', () => {
      if (call.end?.key === 'unauthenticated') forget();
    });
    showCall(container, call, local, { rejoin: start, back: { label: 'My meetings', action: start }, guestLink: true });
  }

  const listed = calendar.map((meeting) => meetingItem(meeting, () => enter(meeting.joinUrl)));
  showView(
    container,
    h(
      'main',
      { class: 'page' },
      h(
        'header',
        { class: 'brand' },
        icon('arch'),
        h('span', { text: 'Anteroom' }),
        h('span', { class: 'brand-person' }, h('span', { text: person.displayName }), h('button', { type: 'button', class: 'small quiet', testid: 'sign-out', on: { click: signOut } }, icon('sign-out'), 'Sign out')),
      ),
      h(
        'div',
        { class: 'join-columns' },
        devices.element,
        h(
          'section',
          { class: 'card meetings', 'aria-labelledby': 'meetings-title' },
          h('h1', { id: 'meetings-title', text: 'Your meetings' }),
          listed.length > 0 ? h('ul', { class: 'meeting-list' }, ...listed) : h('p', { class: 'lead', text: 'There are no meetings in your calendar.' }),
          linkForm(enter),
        ),
      ),
    ),
  );
  local.open();

  function signOut() {
    devices.stop();
    local.close();
    endSession();
    showSignIn(container, { lead: LEAD, signedIn: start });
  }
}

function meetingItem({ subject, start: from, end, organizer, joinUrl }, join) {
  const when = from ? `${DAY.format(from)}, ${TIME.format(from)}${end ? ` – ${TIME.format(end)}` : ''}` : '';
  return h(
    'li',
    { class: 'meeting', testid: 'meeting-item' },
    h('span', { class: 'meeting-icon', 'aria-hidden': 'true' }, icon('calendar')),
    h('span', { class: 'meeting-text' }, h('b', { text: subject }), when && h('span', { text: when }), organizer && h('span', { text: `Organizer: ${organizer}` })),
    h(
      'span',
      { class: 'meeting-actions' },
      h('button', { type: 'button', class: 'small quiet', testid: 'copy-link', 'aria-label': `Copy the guest link of ${subject}`, on: { click: () => copyLink(joinUrl) } }, icon('copy'), 'Guest link'),
      h('button', { type: 'button', class: 'small primary', testid: 'join', 'aria-label': `Join ${subject}`, text: 'Join', on: { click: join } }),
    ),
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
    h('label', { class: 'field', for: 'link' }, h('span', { text: 'Or join with a meeting link' }), address),
    h('button', { type: 'submit', testid: 'join-link', text: 'Join' }),
  );
}

async function copyLink(joinUrl) {
  const guest = new URL('/join', location.href);
  guest.searchParams.set('link', joinUrl);
  try {
    await navigator.clipboard.writeText(guest.href);
    toast('The link for guests was copied.');
  } catch {
    toast(guest.href);
  }
}
