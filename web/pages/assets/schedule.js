/**
 * The dialog that schedules a meeting, and what is copied to invite people.
 * @module schedule
 */

import { toast } from './announce.js';
import { changeMeeting, onlineMeeting, schedule } from './api.js';
import { showDialog, showText } from './dialog.js';
import { h } from './dom.js';
import { formatPeriod, t, withoutIsolates } from './i18n.js';
import { optionFields } from './option-fields.js';

const HALF_HOUR_MS = 30 * 60_000;
const WHEN = { dateStyle: 'full', timeStyle: 'short' };

/**
 * @param {import('./api.js').Token} token directory token
 * @param {() => Promise<void>} done called once the meeting is in the calendar
 */
export function showSchedule(token, done) {
  const start = new Date(Math.ceil((Date.now() + 1) / HALF_HOUR_MS) * HALF_HOUR_MS);
  const subject = field('subject', t('teams-subject'), { type: 'text', required: true, maxlength: 255, autofocus: true, autocomplete: 'off' });
  const from = field('start', t('teams-start'), { type: 'datetime-local', required: true, value: local(start) });
  const to = field('end', t('teams-end'), { type: 'datetime-local', required: true, value: local(new Date(start.getTime() + HALF_HOUR_MS)) });
  const people = field('attendees', t('teams-attendees'), { type: 'text', autocomplete: 'off', spellcheck: 'false', placeholder: 'bob@contoso.example' });
  const options = optionFields();
  let length = HALF_HOUR_MS;

  // The end moves along with the start, and says when it lies before it.
  from.input.addEventListener('change', () => {
    const begin = new Date(from.input.value);
    if (!Number.isNaN(begin.getTime())) to.input.value = local(new Date(begin.getTime() + length));
    check();
  });
  to.input.addEventListener('change', check);

  function check() {
    const lasts = new Date(to.input.value) - new Date(from.input.value);
    to.input.setCustomValidity(lasts > 0 ? '' : t('teams-end-before-start'));
    if (lasts > 0) length = lasts;
  }

  showDialog({
    title: t('teams-schedule-title'),
    testid: 'schedule',
    wide: true,
    content: [
      subject.element,
      h('div', { class: 'field-pair' }, from.element, to.element),
      people.element,
      h('details', { class: 'more-options' }, h('summary', { testid: 'schedule-options', text: t('people-meeting-options') }), h('div', { class: 'fields' }, ...options.elements)),
    ],
    confirm: t('teams-schedule-confirm'),
    async act() {
      const attendees = people.input.value.split(/[\s,;]+/).filter(Boolean);
      const made = await schedule(token, { subject: subject.input.value.trim(), start: new Date(from.input.value), end: new Date(to.input.value), attendees });
      await setOptions(token, made.joinUrl, options.changes());
      toast(t('teams-scheduled'));
      await done();
    },
  });
}

/** The meeting is there by now: options that cannot be set do not make it unmade. */
async function setOptions(token, joinUrl, changes) {
  if (Object.keys(changes).length === 0) return;
  try {
    const meeting = await onlineMeeting(token, joinUrl);
    await changeMeeting(token, meeting.id, changes);
  } catch (error) {
    console.warn('options', error);
    toast(t('teams-options-not-set'));
  }
}

/**
 * Copies what people need to join.
 *
 * @param {import('./api.js').Token} token directory token
 * @param {import('./api.js').CalendarEntry} meeting
 */
export async function copyInvitation(token, { subject, joinUrl, start, end, own }) {
  const details = own ? await onlineMeeting(token, joinUrl).catch(() => null) : null;
  const { joinMeetingId, passcode } = details?.joinMeetingIdSettings ?? {};
  const lines = [
    subject || t('teams-no-subject'),
    start && end ? formatPeriod(start, end, WHEN) : '',
    '',
    t('teams-invitation-join', { link: joinUrl }),
    joinMeetingId ? t('teams-invitation-id', { id: joinMeetingId }) : '',
    passcode ? t('teams-invitation-passcode', { passcode }) : '',
  ];
  const text = withoutIsolates(lines.filter((line, index) => line || index === 2).join('\n'));
  await copy(text, t('teams-invitation-copied'), t('teams-copy-invitation'));
}

/**
 * Copies the address at which guests join.
 * @param {string} joinUrl
 */
export async function copyGuestLink(joinUrl) {
  const guest = new URL('/join', location.href);
  guest.searchParams.set('link', joinUrl);
  await copy(guest.href, t('teams-guest-link-copied'), t('teams-guest-link'));
}

async function copy(text, said, title) {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch {
    showText(title, text);
  }
}

function field(name, label, attributes) {
  const id = `schedule-${name}`;
  const input = h('input', { id, testid: id, ...attributes });
  return { input, element: h('label', { class: 'field', for: id }, h('span', { text: label }), input) };
}

/** As `datetime-local` has it, in this computer's time zone. */
function local(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
