/**
 * The own camera's picture, mirrored, in a corner of the stage: drag it to another one, or move it with the arrow keys.
 * @module self-view
 */

import { h } from './dom.js';
import { t } from './i18n.js';
import { preferences, remember } from './preferences.js';

/** Corners: top or bottom, left or right. */
const CORNERS = ['top-left', 'top-right', 'bottom-left', 'bottom-right'];
/** A press that moves less than this far is none of a drag, in CSS pixels. */
const STILL_PX = 6;

/** The small picture. */
export class SelfView {
  #moved;
  #video = h('video', { testid: 'self-video', 'aria-label': t('call-own-camera'), props: { autoplay: true, muted: true, playsInline: true } });
  /** @type {{id: number, x: number, y: number, far: boolean}|null} */
  #drag = null;
  #wanted = preferences().selfView !== 'hidden';
  #camera = null;

  /** @param {() => void} moved called when it is in another corner, or no longer (or newly) shown */
  constructor(moved) {
    this.#moved = moved;
    const corner = preferences().corner;
    this.element = h(
      'figure',
      {
        class: 'self-view',
        testid: 'self-view',
        tabindex: 0,
        hidden: true,
        'aria-label': t('call-own-picture-move'),
        title: t('call-own-picture-move'),
        data: { corner: CORNERS.includes(corner) ? corner : 'bottom-right' },
        on: {
          pointerdown: (event) => this.#begin(event),
          pointermove: (event) => this.#follow(event),
          pointerup: (event) => this.#drop(event),
          pointercancel: () => this.#still(),
          keydown: (event) => this.#key(event),
        },
      },
      this.#video,
      h('figcaption', { text: t('call-you') }),
    );
  }

  get corner() {
    return this.element.dataset.corner;
  }

  /** Whether the person wants to see it at all. */
  get wanted() {
    return this.#wanted;
  }

  /** @param {boolean} wanted */
  set wanted(wanted) {
    this.#wanted = wanted;
    remember({ selfView: wanted ? 'shown' : 'hidden' });
    this.show(this.#camera);
    this.#moved();
  }

  /** The place it takes, null when it is not there. @returns {{width: number, height: number}|null} */
  get size() {
    const { offsetWidth: width, offsetHeight: height } = this.element;
    return this.element.hidden || width === 0 ? null : { width, height };
  }

  /** @param {MediaStreamTrack|null} camera */
  show(camera) {
    this.#camera = camera;
    if ((this.#video.srcObject?.getTracks()[0] ?? null) !== camera) {
      this.#video.srcObject = camera ? new MediaStream([camera]) : null;
    }
    this.element.hidden = camera === null || !this.#wanted;
  }

  close() {
    this.#video.srcObject = null;
  }

  #begin(event) {
    if (event.button !== 0) return;
    this.#drag = { id: event.pointerId, x: event.clientX, y: event.clientY, far: false };
    this.element.setPointerCapture(event.pointerId);
  }

  #follow({ pointerId, clientX, clientY }) {
    if (this.#drag?.id !== pointerId) return;
    const [dx, dy] = [clientX - this.#drag.x, clientY - this.#drag.y];
    if (!this.#drag.far && Math.hypot(dx, dy) < STILL_PX) return;
    this.#drag.far = true;
    this.element.classList.add('dragged');
    this.element.style.setProperty('--drag-x', `${dx}px`);
    this.element.style.setProperty('--drag-y', `${dy}px`);
  }

  #drop({ pointerId }) {
    if (this.#drag?.id !== pointerId) return;
    const { far } = this.#drag;
    const own = this.element.getBoundingClientRect();
    const stage = this.element.parentElement.getBoundingClientRect();
    this.#still();
    if (!far) return;
    const vertical = own.top + own.height / 2 < stage.top + stage.height / 2 ? 'top' : 'bottom';
    const horizontal = own.left + own.width / 2 < stage.left + stage.width / 2 ? 'left' : 'right';
    this.#go(`${vertical}-${horizontal}`);
  }

  #still() {
    this.#drag = null;
    this.element.classList.remove('dragged');
    this.element.style.removeProperty('--drag-x');
    this.element.style.removeProperty('--drag-y');
  }

  #key(event) {
    const [vertical, horizontal] = this.corner.split('-');
    const target = {
      ArrowUp: `top-${horizontal}`,
      ArrowDown: `bottom-${horizontal}`,
      ArrowLeft: `${vertical}-left`,
      ArrowRight: `${vertical}-right`,
    }[event.key];
    if (!target || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.#go(target);
  }

  #go(corner) {
    if (corner === this.corner) return;
    this.element.dataset.corner = corner;
    remember({ corner });
    this.#moved();
  }
}
