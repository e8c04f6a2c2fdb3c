/**
 * Who waits in the lobby, for those who may let people in.
 * @module lobby-panel
 */

import { Batch } from './announce.js';
import { arrange, h, initials, keepFocus, setText, tone } from './dom.js';
import { t } from './i18n.js';
import { labelText } from './person-row.js';

/** Most rows at a time: those who have waited longest. */
const ROWS = 50;
/** How often the waiting times are written anew, in milliseconds. */
const CLOCK_MS = 15_000;

/** The lobby's panel. */
export class LobbyPanel {
  #call;
  /** @type {Map<string, {element: HTMLElement, detail: HTMLElement, since: number}>} */
  #items = new Map();
  /** @type {Set<string>} */
  #known = new Set();
  #list = h('ul', { class: 'lobby-list', role: 'list' });
  #title = h('h2');
  #more = h('p', { class: 'lobby-more' });
  #all;
  #clock = 0;
  #arrived = new Batch((people, count) => t('people-said-waiting', { people, count }));

  /** @param {import('./session.js').Conference} call */
  constructor(call) {
    this.#call = call;
    this.#all = h('button', { type: 'button', class: 'small', testid: 'admit-all', text: t('people-admit-all'), on: { click: () => call.admitAll() } });
    this.element = h(
      'section',
      { class: 'panel lobby-panel', 'aria-label': t('people-lobby'), testid: 'lobby-panel' },
      h('div', { class: 'panel-head' }, this.#title, this.#all),
      this.#list,
      this.#more,
    );
    this.update();
  }

  /** How many wait. */
  get count() {
    return this.#call.waiting.size;
  }

  update() {
    const waiting = [...this.#call.waiting.values()].sort((a, b) => a.since - b.since);
    setText(this.#title, t('people-lobby-count', { count: waiting.length }));
    const items = new Map();
    for (const person of waiting.slice(0, ROWS)) items.set(person.id, this.#items.get(person.id) ?? this.#item(person));
    const before = this.#known;
    this.#known = new Set(waiting.map(({ id }) => id));
    for (const { id, displayName } of waiting) if (!before.has(id)) this.#arrived.add(displayName);
    this.#items = items;
    keepFocus(this.#list, this.#title, () => arrange(this.#list, [...items.values()].map(({ element }) => element)));
    const beyond = waiting.length - items.size;
    setText(this.#more, beyond > 0 ? t('people-lobby-beyond', { count: beyond }) : '');
    this.#hide(waiting.length);
    this.#tick();
  }

  /** What disappears under somebody's hands leaves the focus at the nearest place that makes sense. */
  #hide(count) {
    const focused = this.element.contains(document.activeElement) ? document.activeElement : null;
    this.#all.hidden = count < 2;
    this.element.hidden = count === 0;
    if (!focused || focused.getClientRects().length > 0) return;
    const next = this.#list.querySelector('button') ?? this.element.closest('.call')?.querySelector('.toolbar button:enabled');
    /** @type {HTMLElement|undefined} */ (next)?.focus({ preventScroll: true });
  }

  /** The clock runs while somebody waits and the panel is in the page. */
  #tick() {
    for (const { detail, since } of this.#items.values()) setText(detail, waited(since));
    clearTimeout(this.#clock);
    if (this.#items.size === 0) return;
    this.#clock = setTimeout(() => {
      if (this.element.isConnected) this.#tick();
    }, CLOCK_MS);
  }

  #item({ id, displayName, label, since }) {
    const detail = h('span', { class: 'lobby-since' });
    const element = h(
      'li',
      { class: 'person', testid: 'lobby-item', data: { participant: id } },
      h('span', { class: 'avatar', 'aria-hidden': 'true', data: { tone: tone(displayName) }, text: initials(displayName) }),
      h('span', { class: 'person-text' }, h('span', { class: 'person-name', text: displayName, title: displayName }), h('span', { class: 'person-detail' }, label && h('span', { class: 'badge', text: labelText(label) }), detail)),
      h(
        'span',
        { class: 'lobby-actions' },
        h('button', { type: 'button', class: 'small quiet', testid: 'reject', text: t('people-reject'), 'aria-label': t('people-reject-name', { name: displayName }), on: { click: () => this.#call.reject([id]) } }),
        h('button', { type: 'button', class: 'small primary', testid: 'admit', text: t('people-admit'), 'aria-label': t('people-admit-name', { name: displayName }), on: { click: () => this.#call.admit([id]) } }),
      ),
    );
    return { element, detail, since };
  }
}

/** How long somebody has waited. The service's clock and this one may differ by a little: nobody waits for less than nothing. */
function waited(since) {
  const minutes = since > 0 ? Math.max(0, Math.floor((Date.now() - since) / 60_000)) : 0;
  return minutes < 1 ? t('people-waits') : t('people-waits-minutes', { minutes });
}
