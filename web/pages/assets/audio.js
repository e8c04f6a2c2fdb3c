/**
 * Plays what the others say, on the chosen speaker.
 * @module audio
 */

import { arrange, h } from './dom.js';

/**
 * One audio element per remote track. Browsers may refuse to play before the person has touched the page; then
 * `onBlocked(true)` is called, and `unlock` has to be called from a click.
 */
export class AudioOutput {
  /** Holds the audio elements; put it into the page. */
  element = h('div', { hidden: true });
  /** @type {Map<string, HTMLAudioElement>} */
  #players = new Map();
  #onBlocked;
  #speaker = '';

  /** @param {(blocked: boolean) => void} onBlocked */
  constructor(onBlocked) {
    this.#onBlocked = onBlocked;
  }

  /** @param {Iterable<import('./session.js').RemoteTrack>} tracks */
  update(tracks) {
    const audible = [...tracks].filter(({ kind, media }) => kind === 'audio' && media);
    const kept = new Map();
    for (const { id, media } of audible) {
      let player = this.#players.get(id);
      if (player && player.srcObject?.getTracks()[0] !== media) {
        player.srcObject = null;
        player = undefined;
      }
      if (!player) {
        player = h('audio', { data: { track: id }, props: { autoplay: true } });
        this.#route(player);
        player.srcObject = new MediaStream([media]);
        this.#play(player);
      }
      kept.set(id, player);
    }
    for (const [id, player] of this.#players) if (!kept.has(id)) player.srcObject = null;
    this.#players = kept;
    arrange(this.element, [...kept.values()]);
  }

  /** @param {string} deviceId of the speaker to play on; empty: the system's */
  play(deviceId) {
    if (deviceId === this.#speaker) return;
    this.#speaker = deviceId;
    for (const player of this.#players.values()) this.#route(player);
  }

  /** Tries again, from a click. */
  async unlock() {
    this.#onBlocked(false);
    await Promise.all([...this.#players.values()].map((player) => this.#play(player)));
  }

  close() {
    this.update([]);
  }

  /** A speaker that is not there today leaves the system's. */
  #route(player) {
    if (typeof player.setSinkId !== 'function' || player.sinkId === this.#speaker) return;
    player.setSinkId(this.#speaker).catch(() => {});
  }

  async #play(player) {
    try {
      await player.play();
    } catch (error) {
      if (error.name === 'NotAllowedError') this.#onBlocked(true);
    }
  }
}
