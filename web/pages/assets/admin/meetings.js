/**
 * Meetings that run, looked at again every few seconds while they are in view.
 * @module admin/meetings
 */

import { say, toast } from '../announce.js';
import { h, setText } from '../dom.js';
import { formatDate, t, textId } from '../i18n.js';
import { attempt, card, confirmed, problemLine } from './parts.js';

const EVERY_MS = 4_000;

const ROLES = {
  organizer: textId('admin-role-organizer'),
  co_organizer: textId('admin-role-co-organizer'),
  presenter: textId('admin-role-presenter'),
  attendee: textId('admin-role-attendee'),
  consumer: textId('admin-role-consumer'),
  collaborator: textId('admin-role-collaborator'),
};

const LABELS = { external: textId('admin-label-external'), unverified: textId('admin-label-unverified') };

/** @returns {import('./parts.js').Section} */
export function meetingsSection({ service, me }) {
  const problem = problemLine('meetings-problem');
  const summary = h('p', { class: 'lead', testid: 'meetings-summary' });
  const list = h('div', { class: 'admin-meetings', testid: 'meetings' });
  /** By kind and id: what somebody has opened or has the focus on stays. @type {Map<string, ReturnType<typeof meetingCard>>} */
  const cards = new Map();
  let timer = 0;
  let isShown = false;
  let known = -1;

  /** One after the other, however slow the service is. */
  async function refresh() {
    clearTimeout(timer);
    if (!document.hidden) await attempt(problem, look);
    if (isShown) timer = setTimeout(refresh, EVERY_MS);
  }

  async function look() {
    const ofService = me.isOperator && service.tenant === '' ? service.get('rooms') : Promise.resolve([]);
    const calls = (await Promise.all([service.get('meetings'), ofService])).flat();
    const keys = new Set(calls.map(key));
    for (const [at, gone] of cards) {
      if (keys.has(at)) continue;
      gone.element.remove();
      cards.delete(at);
    }
    for (const call of calls) {
      const at = key(call);
      if (!cards.has(at)) {
        cards.set(at, meetingCard(call, end));
        list.append(cards.get(at).element);
      }
      cards.get(at).update(call);
    }
    setText(summary, t('admin-meetings-summary', { count: calls.length, time: formatDate(new Date(), { timeStyle: 'medium' }) }));
    if (known >= 0 && known !== calls.length) say(t('admin-meetings-count', { count: calls.length }));
    known = calls.length;
  }

  async function end(call) {
    const sure = await confirmed({
      title: t('admin-end-question', { subject: call.subject }),
      text: t('admin-end-consequence', { count: call.participants.length + call.waiting.length }),
      action: t('admin-end'),
    });
    if (!sure) return;
    await attempt(problem, async () => {
      await service.post(`${call.kind === 'room' ? 'rooms' : 'meetings'}/${encodeURIComponent(call.id)}/end`);
      toast(t('admin-ended', { subject: call.subject }));
    });
    if (!problem.textContent) refresh();
  }

  function seenAgain() {
    if (!document.hidden) refresh();
  }

  return {
    element: card(t('admin-meetings'), t('admin-meetings-lead'), summary, problem, list),
    shown() {
      isShown = true;
      document.addEventListener('visibilitychange', seenAgain);
      refresh();
    },
    hidden() {
      isShown = false;
      document.removeEventListener('visibilitychange', seenAgain);
      clearTimeout(timer);
    },
  };
}

function key({ kind, id }) {
  return `${kind} ${id}`;
}

/** One meeting. What can have the focus is made once; the rest is drawn anew when it changes. */
function meetingCard(first, end) {
  let call = first;
  let drawn = '';
  const subject = h('h2', {});
  const facts = h('p', { class: 'fine-print', testid: 'meeting-facts' });
  const marks = h('p', { class: 'admin-marks', testid: 'meeting-marks' });
  const count = h('summary', {});
  const people = h('ul', { class: 'admin-list', testid: 'meeting-people' });
  const waitingTitle = h('h3', { text: t('admin-waiting') });
  const waiting = h('ul', { class: 'admin-list', testid: 'meeting-waiting' });
  const element = h(
    'article',
    { class: 'admin-meeting', testid: 'meeting' },
    h(
      'div',
      { class: 'admin-meeting-head' },
      h('div', {}, subject, facts, marks),
      h('button', { type: 'button', class: 'small danger', testid: 'end-meeting', text: t('admin-end'), on: { click: () => end(call) } }),
    ),
    h('details', { open: true }, count, people, waitingTitle, waiting),
  );

  function update(next) {
    call = next;
    const now = JSON.stringify(call);
    if (now === drawn) return;
    drawn = now;
    setText(subject, call.subject);
    setText(facts, factsOf(call));
    marks.replaceChildren(...marksOf(call));
    setText(count, t('admin-participants', { count: call.participants.length, waiting: call.waiting.length }));
    people.replaceChildren(...call.participants.map(participant));
    waiting.replaceChildren(...call.waiting.map(inLobby));
    waitingTitle.hidden = call.waiting.length === 0;
  }

  return { element, update };
}

function factsOf({ organizer, sinceMs, kind, id }) {
  const whose = kind === 'room' ? t('admin-room', { id }) : t('admin-organized-by', { name: organizer?.displayName ?? '–', upn: organizer?.upn ?? '–' });
  const since = sinceMs === undefined ? t('admin-not-begun') : t('admin-since', { time: formatDate(new Date(sinceMs), { dateStyle: 'medium', timeStyle: 'short' }) });
  return `${whose} · ${since}`;
}

function marksOf({ locked, recording, transcription }) {
  const marks = [];
  if (locked) marks.push(t('admin-locked'));
  if (recording) marks.push(t('admin-recording'));
  if (transcription) marks.push(t('admin-transcription'));
  return marks.map((text) => h('span', { class: 'badge', text }));
}

function participant({ name, identity, role, label, reconnecting, screenSharing }) {
  const notes = [role in ROLES ? t(ROLES[role]) : role];
  if (screenSharing) notes.push(t('admin-sharing'));
  if (reconnecting) notes.push(t('admin-reconnecting'));
  return person(name, identity, label, notes.join(' · '));
}

function inLobby({ name, identity, label, sinceMs }) {
  return person(name, identity, label, t('admin-since', { time: formatDate(new Date(sinceMs), { timeStyle: 'short' }) }));
}

/** Names are of strangers: a name runs in its own direction, and does not turn the line around. */
function person(name, identity, label, note) {
  return h(
    'li',
    { title: identity },
    h('bdi', { text: name }),
    label in LABELS ? h('span', { class: 'badge', text: t(LABELS[label]) }) : null,
    h('span', { class: 'fine-print', text: note }),
  );
}
