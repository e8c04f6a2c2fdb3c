/**
 * The pictures: a tile per other participant, shared screens large, the own camera small.
 * @module stage
 */

import { arrange, h, initials, setAttribute, setText, tone } from './dom.js';
import { icon } from './icons.js';
import { CAMERA, SCREEN } from './session.js';
import { Views } from './views.js';

const ASPECT = 16 / 9;
const GAP_PX = 12;
const REACTION_MS = 3_000;

/** Keeps the tiles of a call up to date. */
export class Stage {
  #call;
  #local;
  #tiles = new Map();
  #screens = h('div', { class: 'stage-screens' });
  #grid = h('div', { class: 'stage-grid' });
  #alone = h('p', { class: 'stage-alone' }, icon('people'), h('span', { text: 'Nobody else is here yet.' }));
  #self;
  #selfVideo;
  #observer = new ResizeObserver(() => this.#layout());
  #views;

  /**
   * @param {import('./session.js').Conference} call
   * @param {import('./devices.js').LocalMedia} local
   */
  constructor(call, local) {
    this.#call = call;
    this.#local = local;
    this.#views = new Views((views) => call.setViews(views));
    this.#selfVideo = h('video', { testid: 'self-video', 'aria-label': 'Your camera', props: { autoplay: true, muted: true, playsInline: true } });
    this.#self = h('figure', { class: 'self-view' }, this.#selfVideo, h('figcaption', { text: 'You' }));
    this.element = h(
      'section',
      { class: 'stage', 'aria-label': 'Participants’ pictures' },
      this.#screens,
      this.#grid,
      this.#alone,
      this.#self,
    );
    this.#observer.observe(this.#grid);
    this.update();
  }

  /** Brings everything in line with the call and the devices. */
  update() {
    const { participants, participantId, tracks } = this.#call;
    const others = [...participants.values()].filter(({ id }) => id !== participantId);
    const videos = [...tracks.values()].filter(({ kind }) => kind === 'video');
    const screens = [];
    const people = [];
    const used = new Set();
    for (const track of videos.filter(({ source }) => source === SCREEN)) {
      const owner = participants.get(track.participantId);
      // The track of a screen that may not be shared any more is still there, and stands still.
      if (owner?.screenCut) continue;
      const key = `screen ${track.id}`;
      used.add(key);
      const tile = this.#tile(key, 'screen');
      tile.show({ name: `${owner?.displayName || 'Somebody'}’s screen`, participant: track.participantId, track });
      screens.push(tile.element);
    }
    // Who is in the spotlight stands first, and large.
    const spotlight = this.#call.meeting.spotlight;
    const place = ({ id }) => (spotlight.includes(id) ? spotlight.indexOf(id) : spotlight.length);
    others.sort((a, b) => place(a) - place(b));
    for (const other of others) {
      const key = `person ${other.id}`;
      used.add(key);
      const tile = this.#tile(key, 'camera');
      const camera = videos.find(({ participantId: owner, source }) => owner === other.id && source === CAMERA) ?? null;
      const hand = this.#call.meeting.hands.indexOf(other.id) + 1;
      tile.show({
        name: other.displayName,
        participant: other.id,
        track: other.cameraCut ? null : camera,
        person: other,
        hand,
        spotlit: spotlight.includes(other.id),
      });
      people.push(tile.element);
    }
    for (const [key, tile] of this.#tiles) {
      if (used.has(key)) continue;
      tile.close();
      this.#tiles.delete(key);
    }
    arrange(this.#screens, screens);
    arrange(this.#grid, people);
    this.element.classList.toggle('with-screen', screens.length > 0);
    this.#alone.hidden = others.length > 0;
    this.#updateSelf();
    this.updateSpeaking();
    this.#layout();
    this.#updateViews(videos);
  }

  /** Only who speaks; this changes often. */
  updateSpeaking() {
    const { speaking, participantId } = this.#call;
    for (const { element } of this.#tiles.values()) {
      element.classList.toggle('speaking', element.dataset.kind === 'camera' && speaking.has(element.dataset.participant));
    }
    this.#self.classList.toggle('speaking', speaking.has(participantId) && !this.#local.muted);
  }

  /**
   * Shows a reaction on its sender's tile for a moment.
   * @param {string} participantId
   * @param {string} symbol
   */
  react(participantId, symbol) {
    const own = participantId === this.#call.participantId;
    const place = own ? this.#self : this.#tiles.get(`person ${participantId}`)?.element;
    if (!place) return;
    const bubble = h('span', { class: 'reaction', testid: 'reaction', 'aria-hidden': 'true', text: symbol });
    (own && this.#self.hidden ? this.element : place).append(bubble);
    setTimeout(() => bubble.remove(), REACTION_MS);
  }

  close() {
    this.#observer.disconnect();
    this.#views.close();
    for (const tile of this.#tiles.values()) tile.close();
    this.#tiles.clear();
    this.#selfVideo.srcObject = null;
  }

  /** Shared screens and who is in the spotlight stand large; what has no tile is not seen. */
  #updateViews(videos) {
    const shown = new Map();
    for (const tile of this.#tiles.values()) {
      if (tile.trackId) shown.set(tile.trackId, { element: tile.element, pinned: tile.large });
    }
    this.#views.update(videos.map(({ id }) => ({ trackId: id, element: null, pinned: false, ...shown.get(id) })));
  }

  #tile(key, kind) {
    let tile = this.#tiles.get(key);
    if (!tile) {
      tile = new Tile(kind);
      this.#tiles.set(key, tile);
    }
    return tile;
  }

  #updateSelf() {
    const { camera } = this.#local;
    if ((this.#selfVideo.srcObject?.getTracks()[0] ?? null) !== camera) {
      this.#selfVideo.srcObject = camera ? new MediaStream([camera]) : null;
    }
    this.#self.hidden = camera === null;
  }

  /** The number of columns that gives the largest 16:9 tiles. */
  #layout() {
    const count = this.#grid.childElementCount;
    const { clientWidth: width, clientHeight: height } = this.#grid;
    if (count === 0 || width === 0 || height === 0) return;
    let best = { columns: 1, tile: 0 };
    for (let columns = 1; columns <= count; columns += 1) {
      const rows = Math.ceil(count / columns);
      const tile = Math.min(
        (width - GAP_PX * (columns - 1)) / columns,
        ((height - GAP_PX * (rows - 1)) / rows) * ASPECT,
      );
      if (tile > best.tile) best = { columns, tile };
    }
    this.#grid.style.setProperty('--columns', String(best.columns));
    this.#grid.style.setProperty('--tile-width', `${Math.floor(Math.max(best.tile, 96))}px`);
  }
}

/** One picture with a name below; initials stand in for a camera that is off. */
class Tile {
  #video = null;
  #trackId;
  #avatar = h('span', { class: 'avatar large', 'aria-hidden': 'true' });
  #name = h('span', { class: 'tile-name' });
  #muted = h('span', { class: 'tile-muted', role: 'img', 'aria-label': 'muted' }, icon('mic-off'));
  #badge = h('span', { class: 'badge' });
  #hand = h('span', { class: 'tile-hand', role: 'img' }, icon('hand'));
  #caption;

  constructor(kind) {
    this.#caption = h('figcaption', {}, this.#hand, this.#muted, this.#name, this.#badge);
    this.element = h('figure', { class: `tile ${kind}`, data: { kind } }, this.#avatar, this.#caption);
  }

  show({ name, participant, track, person = null, hand = 0, spotlit = false }) {
    this.#hand.hidden = hand === 0;
    setAttribute(this.#hand, 'aria-label', hand > 0 ? `hand raised, number ${hand}` : null);
    this.element.classList.toggle('spotlit', spotlit);
    this.element.dataset.participant = participant;
    setText(this.#name, name);
    setText(this.#avatar, initials(name));
    setAttribute(this.#avatar, 'data-tone', tone(name));
    // Below the picture, and seen until its first frame has come.
    this.#avatar.hidden = person === null;
    this.#muted.hidden = !person?.micMuted;
    setText(this.#badge, person?.label ?? '');
    this.#badge.hidden = !person?.label;
    this.element.classList.toggle('reconnecting', person?.reconnecting ?? false);
    this.#trackId = track?.id;
    this.#picture(track?.media ? track : null, name);
  }

  /** The track that is shown, or would be if it were received. @returns {string|undefined} */
  get trackId() {
    return this.#trackId;
  }

  /** Whether it stands out from the others. */
  get large() {
    return this.element.dataset.kind === 'screen' || this.element.classList.contains('spotlit');
  }

  close() {
    if (this.#video) this.#video.srcObject = null;
    this.#video?.remove();
    this.#video = null;
  }

  /** A video element only while there is a picture. */
  #picture(track, name) {
    if (!track) {
      this.close();
      return;
    }
    const shown = this.#video?.srcObject?.getTracks()[0];
    if (this.#video?.dataset.track !== track.id || shown !== track.media) {
      this.close();
      this.#video = h('video', {
        testid: 'tile-video',
        data: { track: track.id, source: this.element.dataset.kind, participant: this.element.dataset.participant },
        props: { autoplay: true, muted: true, playsInline: true },
      });
      this.#video.srcObject = new MediaStream([track.media]);
      this.element.prepend(this.#video);
      // Muted pictures may always play; a refusal only means the element was removed meanwhile.
      this.#video.play().catch(() => {});
    }
    setAttribute(this.#video, 'aria-label', this.element.dataset.kind === 'screen' ? name : `${name}’s camera`);
  }
}
