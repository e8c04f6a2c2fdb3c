/**
 * One picture with a name below; initials stand in for a camera that is off.
 * @module tile
 */

import { h, initials, setAttribute, setText, tone } from './dom.js';
import { t } from './i18n.js';
import { icon, setIcon } from './icons.js';
import { labelText } from './person-row.js';
import { qualityMark, showQuality } from './quality.js';

/** A camera's or a screen's tile. */
export class Tile {
  #kind;
  #video = null;
  #picked;
  #avatar = h('span', { class: 'avatar large', 'aria-hidden': 'true' });
  #name = h('span', { class: 'tile-name' });
  #muted = h('span', { class: 'tile-muted', role: 'img', 'aria-label': t('call-muted') }, icon('mic-off'));
  #badge = h('span', { class: 'badge' });
  #hand = h('span', { class: 'tile-hand', role: 'img' }, icon('hand'));
  #state = h('span', { class: 'tile-state', hidden: true, text: t('call-tile-reconnecting') });
  #quality = qualityMark();
  #pin;

  /**
   * @param {'camera'|'screen'} kind
   * @param {() => void} pick pins it, or no longer
   */
  constructor(kind, pick) {
    this.#kind = kind;
    this.#pin = h('button', { type: 'button', class: 'tile-pin', testid: 'pin', on: { click: pick } }, icon('pin'));
    const caption = h('figcaption', {}, this.#hand, this.#muted, this.#name, this.#badge, this.#quality);
    this.element = h('figure', { class: `tile ${kind}`, data: { kind } }, this.#avatar, this.#state, caption, this.#pin);
    this.element.addEventListener('dblclick', (event) => {
      if (event.target.closest('button') === null) pick();
    });
  }

  /**
   * @param {object} what
   * @param {string} what.name
   * @param {string} what.participant id
   * @param {import('./stage.js').Track|null} what.track
   * @param {import('./stage.js').Person|null} [what.person] null on a screen's tile
   * @param {number} [what.hand] place among the raised ones, from 1
   * @param {boolean} [what.spotlit]
   * @param {boolean} [what.pinned]
   */
  show({ name, participant, track, person = null, hand = 0, spotlit = false, pinned = false }) {
    this.#hand.hidden = hand === 0;
    setAttribute(this.#hand, 'aria-label', hand > 0 ? t('call-tile-hand', { place: hand }) : null);
    this.element.classList.toggle('spotlit', spotlit);
    this.element.dataset.participant = participant;
    setText(this.#name, name);
    setAttribute(this.#name, 'title', name);
    setText(this.#avatar, initials(name));
    setAttribute(this.#avatar, 'data-tone', tone(name));
    // Below the picture, and seen until its first frame has come.
    this.#avatar.hidden = person === null;
    this.#muted.hidden = !person?.micMuted;
    setText(this.#badge, labelText(person?.label ?? ''));
    this.#badge.hidden = !person?.label;
    this.#state.hidden = !person?.reconnecting;
    this.element.classList.toggle('reconnecting', person?.reconnecting ?? false);
    this.#showPin(name, pinned);
    this.#picture(track, name);
  }

  /** The track that is to be shown here, if any. @returns {string|undefined} */
  get trackId() {
    return this.#picked;
  }

  /** The track whose figures tell how well the picture comes through. @returns {MediaStreamTrack|null} */
  get media() {
    return this.#video?.srcObject?.getTracks()[0] ?? null;
  }

  /** The picture, for picture-in-picture. @returns {HTMLVideoElement|null} */
  get video() {
    return this.#video;
  }

  /** Puts it somewhere. @param {import('./layouts.js').Rectangle} place @param {boolean} main */
  place({ x, y, width, height }, main) {
    const { style } = this.element;
    for (const [name, value] of [['--x', x], ['--y', y], ['--w', width], ['--h', height]]) {
      style.setProperty(name, `${Math.round(value)}px`);
    }
    this.element.classList.toggle('main', main);
  }

  /** @param {import('./quality.js').Level} level */
  quality(level) {
    showQuality(this.#quality, level);
  }

  close() {
    if (this.#video) this.#video.srcObject = null;
    this.#video?.remove();
    this.#video = null;
  }

  #showPin(name, pinned) {
    const label = t(pinned ? 'call-unpin' : 'call-pin', { name });
    setAttribute(this.#pin, 'aria-label', label);
    setAttribute(this.#pin, 'title', t(pinned ? 'call-unpin-short' : 'call-pin-short'));
    setAttribute(this.#pin, 'aria-pressed', String(pinned));
    setIcon(this.#pin, pinned ? 'unpin' : 'pin');
  }

  /** A video element only while there is a picture. */
  #picture(track, name) {
    this.#picked = track?.id;
    if (!track?.media) {
      this.close();
      return;
    }
    if (this.#video?.dataset.track !== track.id || this.media !== track.media) {
      this.close();
      this.#video = h('video', {
        testid: 'tile-video',
        data: { track: track.id, source: this.#kind, participant: this.element.dataset.participant },
        props: { autoplay: true, muted: true, playsInline: true },
      });
      this.#video.srcObject = new MediaStream([track.media]);
      this.element.prepend(this.#video);
      // Muted pictures may always play; a refusal only means the element was removed meanwhile.
      this.#video.play().catch(() => {});
    }
    setAttribute(this.#video, 'aria-label', this.#kind === 'screen' ? name : t('call-tile-camera', { name }));
  }
}
