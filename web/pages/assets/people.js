/**
 * Who is in the meeting.
 * @module people
 */

import { Batch } from './announce.js';
import { h, setText } from './dom.js';
import { collator, t } from './i18n.js';
import { PersonRow } from './person-row.js';
import { Redraw } from './redraw.js';
import { WindowedList } from './windowed-list.js';

export { LobbyPanel } from './lobby-panel.js';

/** The participants' panel. */
export class People {
  #call;
  #title = h('h2', { testid: 'people-title' });
  #search;
  #none;
  #list;
  /** Ids of those whose row says that they speak. @type {Set<string>} */
  #speaking = new Set();
  /** Names by ids as of the last drawing; null before the first. @type {Map<string, string>|null} */
  #known = null;
  /** @type {Set<string>} */
  #hands = new Set();
  /** Whether the service itself says who comes and goes. */
  #announced = false;
  #redraw;
  #entered = new Batch((people, count) => t('people-said-joined', { people, count }));
  #left = new Batch((people, count) => t('people-said-left', { people, count }));
  #raised = new Batch((people, count) => t('people-said-hand', { people, count }));

  /** @param {import('./session.js').Conference} call */
  constructor(call) {
    this.#call = call;
    this.#redraw = new Redraw(call, () => this.#draw());
    this.#search = h('input', {
      type: 'search',
      class: 'people-search',
      testid: 'people-search',
      placeholder: t('people-search'),
      'aria-label': t('people-search'),
      autocomplete: 'off',
      spellcheck: 'false',
      on: { input: () => this.#redraw.now(), keydown: (event) => this.#clear(event) },
    });
    this.#none = h('p', { class: 'people-none', role: 'status' });
    this.#list = new WindowedList({ class: 'people-list', row: (standing) => new PersonRow(call, standing), fallback: this.#title });
    this.element = h('section', { class: 'panel people', 'aria-label': t('people-title') }, this.#title, this.#search, this.#none, this.#list.element);
    call.addEventListener('announcement', () => {
      this.#announced = true;
      this.#entered.drop();
      this.#left.drop();
    });
    this.#draw();
  }

  update() {
    this.#redraw.soon();
  }

  close() {
    this.#redraw.close();
  }

  /** Touches the rows that change, whatever their number. */
  updateSpeaking() {
    const now = this.#call.speaking;
    for (const id of this.#speaking) if (!now.has(id)) this.#list.row(id)?.element.classList.remove('speaking');
    for (const id of now) this.#list.row(id)?.element.classList.add('speaking');
    this.#speaking = new Set(now);
  }

  #draw() {
    const { participants } = this.#call;
    const all = this.#standings();
    const wanted = plain(this.#search.value.trim());
    const found = wanted ? all.filter(({ person }) => plain(person.displayName).includes(wanted)) : all;
    setText(this.#title, t('people-title-count', { count: participants.size }));
    setText(this.#none, wanted && found.length === 0 ? t('people-none-found') : '');
    this.#list.show(found);
    // Rows that came into the page now have not heard yet.
    this.#speaking = new Set(found.filter(({ id }) => this.#list.row(id)?.element.classList.contains('speaking')).map(({ id }) => id));
    this.updateSpeaking();
    this.#tell();
  }

  /** Raised hands first, in the order in which they went up; then oneself; then by name. */
  #standings() {
    const call = this.#call;
    const { hands, spotlight } = call.meeting;
    const places = new Map(hands.map((id, index) => [id, index + 1]));
    const spotlit = new Set(spotlight);
    const rights = [call.role, call.colleague, ...call.capabilities].join();
    const { compare } = collator();
    const last = hands.length + 1;
    return [...call.participants.values()]
      .map((person) => ({ id: person.id, person, hand: places.get(person.id) ?? 0, spotlit: spotlit.has(person.id), rights }))
      .sort(
        (a, b) =>
          (a.hand || last) - (b.hand || last) ||
          Number(b.id === call.participantId) - Number(a.id === call.participantId) ||
          compare(a.person.displayName, b.person.displayName),
      );
  }

  /** For screen readers: who came, who left, who raised a hand since the last drawing. */
  #tell() {
    const { participants, participantId, meeting } = this.#call;
    const names = new Map([...participants.values()].map(({ id, displayName }) => [id, displayName]));
    // Who was there before oneself did not come.
    if (this.#known?.has(participantId)) {
      if (!this.#announced) {
        for (const [id, name] of names) if (!this.#known.has(id)) this.#entered.add(name);
        for (const [id, name] of this.#known) if (!names.has(id)) this.#left.add(name);
      }
      for (const id of meeting.hands) {
        if (id !== participantId && !this.#hands.has(id) && names.has(id)) this.#raised.add(names.get(id));
      }
    }
    this.#known = names;
    this.#hands = new Set(meeting.hands);
  }

  #clear(event) {
    if (event.key !== 'Escape' || !this.#search.value) return;
    event.preventDefault();
    event.stopPropagation();
    this.#search.value = '';
    this.#redraw.now();
  }
}

/** Letters that Unicode does not take apart, as people without their keys type them. */
const PLAIN = { ł: 'l', ø: 'o', đ: 'd', ß: 'ss', æ: 'ae', œ: 'oe', ı: 'i' };

/** For searching: without accents and case. */
function plain(text) {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[łøđßæœı]/g, (letter) => PLAIN[letter]);
}
