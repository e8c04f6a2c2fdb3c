/**
 * The meetings of a Teams user: what runs now, today, on the days to come.
 * @module calendar
 */

import { deleteEvent } from './api.js';
import { showDialog } from './dialog.js';
import { arrange, h, setText } from './dom.js';
import { formatDate, formatPeriod, t } from './i18n.js';
import { icon } from './icons.js';
import { showMeetingOptions } from './meeting-options.js';
import { menu } from './menu.js';
import { copyGuestLink, copyInvitation } from './schedule.js';

const DAY = { weekday: 'long', day: 'numeric', month: 'long' };
const TIME = { hour: 'numeric', minute: '2-digit' };
const DAY_AND_TIME = { weekday: 'short', day: 'numeric', month: 'short', ...TIME };
const DATE = { day: 'numeric', month: 'short', year: 'numeric' };
const LONG_MS = 24 * 3_600_000;
/** How often it is looked at what runs now, in milliseconds. */
const CLOCK_MS = 30_000;

/** The list, in groups. */
export class Calendar {
  #token;
  #join;
  #changed;
  /** @type {import('./api.js').CalendarEntry[]} */
  #entries = [];
  /** @type {Map<string, {shown: string, element: HTMLElement}>} */
  #items = new Map();
  /** @type {Map<string, {element: HTMLElement, title: HTMLElement, list: HTMLElement}>} */
  #groups = new Map();
  #empty = h('p', { class: 'lead', testid: 'no-meetings' });
  #list = h('div', { class: 'meeting-groups' });
  #clock = 0;

  /**
   * @param {object} options
   * @param {import('./api.js').Token} options.token directory token
   * @param {(joinUrl: string) => void} options.join
   * @param {() => Promise<void>} options.changed something was deleted
   */
  constructor({ token, join, changed }) {
    this.#token = token;
    this.#join = join;
    this.#changed = changed;
    this.element = h('div', { class: 'calendar' }, this.#list, this.#empty);
    this.#clock = setInterval(() => this.#draw(), CLOCK_MS);
  }

  /** @param {import('./api.js').CalendarEntry[]} entries by their start */
  show(entries) {
    this.#entries = entries;
    this.#draw();
  }

  close() {
    clearInterval(this.#clock);
  }

  #draw() {
    const focused = this.element.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
    const now = new Date();
    const items = new Map();
    /** @type {Map<string, HTMLElement[]>} */
    const members = new Map();
    const sorted = [...this.#entries].sort((a, b) => Number(runs(b, now)) - Number(runs(a, now)));
    for (const entry of sorted) {
      const group = groupOf(entry, now);
      const shown = JSON.stringify(entry);
      const old = this.#items.get(entry.id);
      const item = old?.shown === shown ? old : { shown, element: this.#item(entry) };
      items.set(entry.id, item);
      members.set(group, [...(members.get(group) ?? []), item.element]);
    }
    this.#items = items;
    const groups = new Map([...members.keys()].map((name) => [name, this.#groups.get(name) ?? newGroup(name)]));
    this.#groups = groups;
    for (const [name, { list, title }] of groups) {
      setText(title, groupTitle(name, now));
      arrange(list, members.get(name));
    }
    arrange(this.#list, [...groups.values()].map(({ element }) => element));
    setText(this.#empty, t('teams-no-meetings'));
    this.#empty.hidden = this.#entries.length > 0;
    if (focused && !focused.isConnected) this.#focusAgain(focused);
    else if (focused !== null && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  /** The row was made anew or is gone: the same control of it, or of the first. */
  #focusAgain(lost) {
    const id = lost.closest('.meeting')?.dataset.event;
    const row = (id && this.#items.get(id)?.element) ?? this.element.querySelector('.meeting');
    const control = row?.querySelector(`[data-testid="${lost.dataset.testid}"]`) ?? row?.querySelector('button');
    /** @type {HTMLElement|undefined} */ (control)?.focus({ preventScroll: true });
  }

  #item(entry) {
    const subject = entry.subject || t('teams-no-subject');
    const when = period(entry);
    return h(
      'li',
      { class: 'meeting', testid: 'meeting-item', data: { event: entry.id } },
      h('span', { class: 'meeting-icon', 'aria-hidden': 'true' }, icon('calendar')),
      h(
        'span',
        { class: 'meeting-text' },
        h('b', { text: subject }),
        when && h('span', { text: when }),
        entry.organizer && h('span', { text: t('teams-organizer', { name: entry.organizer }) }),
        entry.cancelled && h('span', { class: 'meeting-cancelled', text: t('teams-cancelled') }),
      ),
      h(
        'span',
        { class: 'meeting-actions' },
        h('button', { type: 'button', class: 'small quiet', testid: 'copy-link', 'aria-label': t('teams-copy-guest-link-of', { subject }), on: { click: () => copyGuestLink(entry.joinUrl) } }, icon('copy'), t('teams-guest-link')),
        menu({ label: t('teams-more-about', { subject }), symbol: 'more', testid: 'meeting-more', items: () => this.#actions(entry, subject) }),
        h('button', { type: 'button', class: 'small primary', testid: 'join', 'aria-label': t('teams-join-of', { subject }), text: t('teams-join'), disabled: entry.cancelled, on: { click: () => this.#join(entry.joinUrl) } }),
      ),
    );
  }

  #actions(entry, subject) {
    const items = [{ testid: 'copy-invitation', text: t('teams-copy-invitation'), action: () => copyInvitation(this.#token, entry) }];
    if (entry.own) items.push({ testid: 'meeting-options', text: t('people-meeting-options'), action: () => showMeetingOptions(this.#token, entry.joinUrl) });
    items.push({
      testid: 'delete-meeting',
      text: deleteLabel(entry),
      danger: true,
      action: () => this.#delete(entry, subject),
    });
    return items;
  }

  #delete(entry, subject) {
    showDialog({
      title: deleteLabel(entry),
      testid: 'delete',
      danger: true,
      content: [h('p', { text: entry.own ? t('teams-delete-text', { subject }) : t('teams-remove-text', { subject }) })],
      confirm: deleteLabel(entry),
      focus: () => this.element.querySelector('.meeting button') ?? document.querySelector('[data-testid="new-meeting"]'),
      act: async () => {
        await deleteEvent(this.#token, entry.id);
        await this.#changed();
      },
    });
  }
}

function deleteLabel({ own, series }) {
  if (!own) return t('teams-remove');
  return series ? t('teams-delete-occurrence') : t('teams-delete');
}

function newGroup(name) {
  const id = `group-${name}`;
  const title = h('h2', { id });
  const list = h('ul', { class: 'meeting-list', role: 'list' });
  return { title, list, element: h('section', { class: 'meeting-group', 'aria-labelledby': id, testid: 'meeting-group', data: { group: name } }, title, list) };
}

function runs({ start, end }, now) {
  return start !== null && end !== null && start <= now && now < end;
}

/** `now`, else the day on which it begins, `2026-11-22`; what is over stays under today. */
function groupOf(entry, now) {
  if (runs(entry, now)) return 'now';
  return dayKey(!entry.start || entry.start < now ? now : entry.start);
}

function groupTitle(name, now) {
  if (name === 'now') return t('teams-now');
  if (name === dayKey(now)) return t('teams-today');
  const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  if (name === dayKey(tomorrow)) return t('teams-tomorrow');
  const [year, month, day] = name.split('-').map(Number);
  return formatDate(new Date(year, month - 1, day), DAY);
}

function dayKey(date) {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}

/** The time where the group says the day; days as well for what goes beyond one. */
function period({ start, end }) {
  if (!start) return '';
  if (!end) return formatDate(start, DAY_AND_TIME);
  if (end - start > LONG_MS) return formatPeriod(start, end, DATE);
  return formatPeriod(start, end, dayKey(start) === dayKey(end) ? TIME : DAY_AND_TIME);
}
