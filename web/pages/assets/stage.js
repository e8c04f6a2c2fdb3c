/**
 * The pictures: the grid, one large picture with a strip of small ones, whose tiles are on the page shown. There are tiles
 * for no others: a meeting of hundreds costs no more than one of sixteen.
 * @module stage
 */

import { arrange, h, setText } from './dom.js';
import { t } from './i18n.js';
import { icon } from './icons.js';
import { GAP_PX, PAGER_PX, grid, gridPage, strip } from './layouts.js';
import { preferences, remember } from './preferences.js';
import { SelfView } from './self-view.js';
import { ActiveSpeaker, Order } from './speakers.js';
import { Tile } from './tile.js';
import { Views } from './views.js';

const SCREEN = 'TRACK_SOURCE_SCREEN';
const CAMERA = 'TRACK_SOURCE_CAMERA';
const REACTION_MS = 3_000;
/** At one moment; a hall full of applause is no reason to stand still. */
const REACTIONS_MAX = 24;

/** `auto`: the speaker's large where somebody shares or is in the spotlight, else the grid. */
export const LAYOUTS = ['auto', 'grid', 'speaker'];

/**
 * @typedef {{id: string, participantId: string, kind: string, source: string, media: MediaStreamTrack|null}} Track
 * @typedef {import('./session.js').Participant} Person
 * @typedef {{key: string, kind: 'camera'|'screen', participant: string}} Place what a tile can be for
 */

/** Keeps the tiles of a call up to date. */
export class Stage extends EventTarget {
  #call;
  #local;
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {'auto'|'grid'|'speaker'} */
  #layout = LAYOUTS.includes(preferences().layout) ? preferences().layout : 'auto';
  /** Key of the place that the person has pinned. @type {string|null} */
  #pinned = null;
  #order = new Order();
  #active = new ActiveSpeaker();
  #activeTimer = 0;
  /** Who is shown as speaking. @type {Set<string>} */
  #speaking = new Set();
  /** Page of the grid or the strip, from 0. */
  #page = 0;
  #pageSize = 1;
  #pages = 1;
  #place = h('div', { class: 'stage-tiles', testid: 'stage-tiles' });
  #alone = h('p', { class: 'stage-alone' }, icon('people'), h('span', { text: t('call-alone') }));
  #pager;
  #pageText = h('span', { class: 'pager-text', role: 'status', testid: 'page' });
  #self = new SelfView(() => this.update());
  #observer = new ResizeObserver(() => this.update());
  #views;

  /**
   * @param {import('./session.js').Conference} call
   * @param {import('./devices.js').LocalMedia} local
   */
  constructor(call, local) {
    super();
    this.#call = call;
    this.#local = local;
    this.#views = new Views((views) => call.setViews(views));
    this.#pager = h(
      'div',
      { class: 'pager', hidden: true },
      this.#turner('page-before', 'back', t('call-page-before'), -1),
      this.#pageText,
      this.#turner('page-after', 'forward', t('call-page-after'), 1),
    );
    this.element = h(
      'section',
      { class: 'stage', testid: 'stage', 'aria-label': t('call-pictures') },
      this.#place,
      this.#alone,
      this.#pager,
      this.#self.element,
    );
    this.#observer.observe(this.#place);
    this.update();
  }

  get layout() {
    return this.#layout;
  }

  /** @param {'auto'|'grid'|'speaker'} layout */
  set layout(layout) {
    this.#layout = layout;
    this.#pinned = null;
    this.#page = 0;
    remember({ layout });
    this.update();
  }

  /** The own picture, which can be hidden. */
  get self() {
    return this.#self;
  }

  /** The largest picture there is, for picture-in-picture. @returns {HTMLVideoElement|null} */
  get video() {
    const tiles = [...this.#tiles.values()].filter(({ video }) => video);
    return (tiles.find(({ element }) => element.classList.contains('main')) ?? tiles[0])?.video ?? null;
  }

  /** Brings everything in line with the call and the devices. */
  update() {
    const { participants, participantId } = this.#call;
    this.#self.show(this.#local.camera);
    const tracks = this.#videos();
    this.#order.sync([...participants.keys()].filter((id) => id !== participantId));
    this.#active.keep((id) => participants.has(id));
    const { screens, people } = this.#places(tracks);
    const keys = new Set([...screens, ...people].map(({ key }) => key));
    if (this.#pinned !== null && !keys.has(this.#pinned)) this.#pinned = null;
    const main = this.#main(screens, people);
    const shown = this.#arrange(main, [...screens, ...people].filter((place) => place !== main));
    for (const [key, tile] of this.#tiles) {
      if (shown.some((place) => place.key === key)) continue;
      tile.close();
      this.#tiles.delete(key);
    }
    for (const place of shown) this.#fill(place, tracks);
    arrange(this.#place, shown.map(({ key }) => this.#tiles.get(key).element));
    this.element.dataset.layout = main === null ? 'grid' : main.kind === 'screen' ? 'screen' : 'speaker';
    this.#alone.hidden = people.length > 0 || screens.length > 0;
    this.#speaking = new Set();
    this.#showSpeaking();
    this.#tellViews(tracks.all);
  }

  /** Only who speaks; this changes often, and costs as little as few speak. */
  updateSpeaking() {
    const { speaking, participantId } = this.#call;
    const others = [...speaking].filter((id) => id !== participantId);
    clearTimeout(this.#activeTimer);
    const before = this.#active.current;
    const again = this.#active.update(others, performance.now());
    if (again > 0) this.#activeTimer = setTimeout(() => this.updateSpeaking(), again);
    let other = false;
    // Whoever is only listened to should be seen soon, too: one that speaks out of sight gets a place on the first page.
    if (this.#active.current !== before && this.#active.current !== null) {
      other = this.#order.spoke(this.#active.current, this.#pageSize) || this.element.dataset.layout === 'speaker';
    }
    if (other) this.update();
    else this.#showSpeaking();
  }

  /** @param {Map<string, import('./quality.js').Level>} levels by id of the `MediaStreamTrack` */
  showQuality(levels) {
    for (const tile of this.#tiles.values()) {
      const level = levels.get(tile.media?.id ?? '') ?? 0;
      // Only what is worth knowing: pictures that come through well need no mark.
      tile.quality(level === 3 ? 0 : level);
    }
  }

  /**
   * Shows a reaction on its sender's tile for a moment.
   * @param {string} participantId
   * @param {string} symbol
   */
  react(participantId, symbol) {
    if (this.element.getElementsByClassName('reaction').length >= REACTIONS_MAX) return;
    const own = participantId === this.#call.participantId;
    const place = own ? this.#self.element : this.#tiles.get(personKey(participantId))?.element;
    const bubble = h('span', { class: 'reaction', testid: 'reaction', 'aria-hidden': 'true', text: symbol });
    (place && !place.hidden ? place : this.element).append(bubble);
    setTimeout(() => bubble.remove(), REACTION_MS);
  }

  close() {
    clearTimeout(this.#activeTimer);
    this.#observer.disconnect();
    this.#views.close();
    this.#self.close();
    for (const tile of this.#tiles.values()) tile.close();
    this.#tiles.clear();
  }

  /** Cameras by their owners, and all. */
  #videos() {
    const all = [...this.#call.tracks.values()].filter(({ kind }) => kind === 'video');
    const cameras = new Map();
    for (const track of all) if (track.source === CAMERA) cameras.set(track.participantId, track);
    return { all, cameras, screens: all.filter(({ source }) => source === SCREEN) };
  }

  /** Everything there could be a tile for, in order. @returns {{screens: Place[], people: Place[]}} */
  #places({ screens }) {
    const { participants, meeting } = this.#call;
    return {
      // The newest first. The track of a screen that may not be shared any more is still there, and stands still.
      screens: screens
        .filter(({ participantId }) => !participants.get(participantId)?.screenCut)
        .reverse()
        .map(({ id, participantId }) => ({ key: `screen ${id}`, kind: 'screen', participant: participantId })),
      people: this.#order
        .ids(meeting.spotlight)
        .map((id) => ({ key: personKey(id), kind: 'camera', participant: id })),
    };
  }

  /** Which place stands large; null: none, all are alike. */
  #main(screens, people) {
    const find = (key) => [...screens, ...people].find((place) => place.key === key) ?? null;
    if (this.#pinned !== null) return find(this.#pinned);
    if (this.#layout === 'grid') return null;
    if (screens.length > 0) return screens[0];
    const [spotlit] = this.#call.meeting.spotlight;
    if (spotlit !== undefined && find(personKey(spotlit))) return find(personKey(spotlit));
    if (this.#layout === 'auto') return null;
    return find(personKey(this.#active.current)) ?? people[0] ?? null;
  }

  /** Puts the large picture and a page of the others where they belong. @returns {Place[]} those that have a tile */
  #arrange(main, others) {
    const { clientWidth: width, clientHeight: height } = this.#place;
    if (width === 0 || height === 0) return [];
    const free = this.#self.size;
    const reserved = free && this.#self.corner === 'bottom-right' ? free : null;
    const found = main ? strip({ width, height, count: others.length, reserved }) : null;
    // The buttons that turn the pages of the grid stand below it.
    const paged = !found && others.length > gridPage(width, height);
    const room = paged ? height - PAGER_PX - GAP_PX : height;
    this.#pageSize = found ? found.page : gridPage(width, room);
    this.#pages = Math.max(1, Math.ceil(others.length / this.#pageSize));
    this.#page = Math.min(this.#page, this.#pages - 1);
    const shown = others.slice(this.#page * this.#pageSize, (this.#page + 1) * this.#pageSize);
    const rectangles = found ? found.tiles : shown.length > 0 ? grid(shown.length, width, room) : [];
    shown.forEach((place, index) => this.#tile(place).place(rectangles[index], false));
    if (main) this.#tile(main).place(found.main, true);
    this.#showPager(found ? found.pager : { x: width / 2, y: height - PAGER_PX / 2 });
    return main ? [main, ...shown] : shown;
  }

  #tile({ key, kind }) {
    let tile = this.#tiles.get(key);
    if (!tile) {
      tile = new Tile(kind, () => this.#pin(key));
      this.#tiles.set(key, tile);
    }
    return tile;
  }

  #fill({ key, kind, participant }, { cameras, all }) {
    const person = this.#call.participants.get(participant);
    const pinned = this.#pinned === key;
    if (kind === 'screen') {
      const track = all.find(({ id }) => `screen ${id}` === key);
      const name = t('call-screen-of', { name: person?.displayName || t('call-somebody') });
      this.#tiles.get(key).show({ name, participant, track, pinned });
      return;
    }
    const { hands, spotlight } = this.#call.meeting;
    this.#tiles.get(key).show({
      name: person.displayName,
      participant,
      track: person.cameraCut ? null : (cameras.get(participant) ?? null),
      person,
      hand: hands.indexOf(participant) + 1,
      spotlit: spotlight.includes(participant),
      pinned,
    });
  }

  #pin(key) {
    this.#pinned = this.#pinned === key ? null : key;
    this.#page = 0;
    this.update();
  }

  #showSpeaking() {
    const { speaking, participantId } = this.#call;
    for (const id of new Set([...this.#speaking, ...speaking])) {
      this.#tiles.get(personKey(id))?.element.classList.toggle('speaking', speaking.has(id));
    }
    this.#speaking = new Set(speaking);
    this.#self.element.classList.toggle('speaking', speaking.has(participantId) && !this.#local.muted);
  }

  #turner(testid, symbol, label, step) {
    const turn = () => {
      this.#page = (this.#page + step + this.#pages) % this.#pages;
      this.update();
    };
    return h('button', { type: 'button', class: 'pager-button', testid, title: label, 'aria-label': label, on: { click: turn } }, icon(symbol));
  }

  #showPager(place) {
    this.#pager.hidden = this.#pages < 2 || !place;
    if (this.#pager.hidden) return;
    setText(this.#pageText, t('call-page', { page: this.#page + 1, pages: this.#pages }));
    this.#pager.style.setProperty('--x', `${Math.round(place.x)}px`);
    this.#pager.style.setProperty('--y', `${Math.round(place.y)}px`);
  }

  /** Large pictures come first; what has no tile is not seen. */
  #tellViews(videos) {
    const shown = new Map();
    for (const tile of this.#tiles.values()) {
      const large = tile.element.classList.contains('main') || tile.element.classList.contains('spotlit');
      if (tile.trackId) shown.set(tile.trackId, { element: tile.element, pinned: large || tile.element.dataset.kind === 'screen' });
    }
    this.#views.update(videos.map(({ id }) => ({ trackId: id, element: null, pinned: false, ...shown.get(id) })));
  }
}

function personKey(id) {
  return `person ${id}`;
}
