/**
 * Notices that somebody speaks while muted. What is heard for that stays in this page.
 * @module speech-hint
 */

import { watchLevel } from './level.js';

/** Level, 0 to 1, that is speech and no rustling; as `level.js` has it: 0.55 is 27 dB below full scale. */
const LOUD = 0.55;
/** So many loud looks (15 a second) within the time below. */
const ENOUGH = 8;
const WITHIN_MS = 1_500;
/** Said again after this long at the earliest. */
const AGAIN_MS = 20_000;

/** Watches a muted microphone. */
export class SpeechHint {
  #local;
  #hint;
  #stop = () => {};
  #clone = null;
  #of = null;
  #loud = [];
  #saidAt = -Infinity;

  /**
   * @param {import('./devices.js').LocalMedia} local
   * @param {(speaking: boolean) => void} hint true: say it; false: it has been unmuted, there is nothing to say any more
   */
  constructor(local, hint) {
    this.#local = local;
    this.#hint = hint;
    this.update();
  }

  update() {
    const muted = this.#local.muted ? this.#local.microphone : null;
    if (muted === this.#of) return;
    this.close();
    this.#of = muted;
    if (!muted) {
      this.#hint(false);
      return;
    }
    // A muted track is silent to us, too; its copy is not.
    this.#clone = muted.clone();
    this.#clone.enabled = true;
    this.#stop = watchLevel(this.#clone, (level) => this.#level(level));
  }

  close() {
    this.#stop();
    this.#stop = () => {};
    this.#clone?.stop();
    this.#clone = null;
    this.#of = null;
    this.#loud = [];
  }

  #level(level) {
    if (level < LOUD) return;
    const now = performance.now();
    this.#loud = [...this.#loud.filter((at) => now - at < WITHIN_MS), now];
    if (this.#loud.length < ENOUGH || now - this.#saidAt < AGAIN_MS) return;
    this.#saidAt = now;
    this.#loud = [];
    this.#hint(true);
  }
}
