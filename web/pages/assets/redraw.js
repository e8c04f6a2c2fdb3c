/**
 * When something that shows a meeting is drawn anew.
 * @module redraw
 */

/** From this many participants on a meeting is large. */
const LARGE = 60;
/** A large one is drawn anew at most this often, in milliseconds: dozens join in a second. */
const PAUSE_MS = 250;

/** Draws small meetings at once, and large ones a few times a second. */
export class Redraw {
  #call;
  #draw;
  #timer = 0;

  /**
   * @param {import('./session.js').Conference} call
   * @param {() => void} draw
   */
  constructor(call, draw) {
    this.#call = call;
    this.#draw = draw;
  }

  soon() {
    if (this.#call.participants.size < LARGE) this.now();
    else this.#timer ||= setTimeout(() => this.now(), PAUSE_MS);
  }

  now() {
    this.close();
    this.#draw();
  }

  /** Draws no more what is still to be drawn. */
  close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }
}
