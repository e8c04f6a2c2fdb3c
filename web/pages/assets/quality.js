/**
 * How well a call comes through: looked at every few seconds, shown as three bars.
 * @module quality
 */

import { h, setAttribute } from './dom.js';
import { t, textId } from './i18n.js';
import { judge, summarize } from './statistics.js';

/** @typedef {import('./statistics.js').Level} Level */

const EVERY_MS = 4_000;
/** By level. */
const NAMES = [
  textId('call-quality-unknown'),
  textId('call-quality-poor'),
  textId('call-quality-fair'),
  textId('call-quality-good'),
];

/** Judges the connection and each incoming track until closed. */
export class QualityWatch {
  #pc;
  #report;
  /** @type {RTCStatsReport|null} */
  #before = null;
  /** @type {RTCPeerConnection|null} */
  #of = null;
  #timer = 0;

  /**
   * @param {() => RTCPeerConnection|null} pc the connection of the moment
   * @param {(quality: {own: Level, tracks: Map<string, Level>}) => void} report `tracks` by id of the `MediaStreamTrack`
   */
  constructor(pc, report) {
    this.#pc = pc;
    this.#report = report;
    this.#timer = setInterval(() => this.#look().catch(() => {}), EVERY_MS);
  }

  close() {
    clearInterval(this.#timer);
  }

  async #look() {
    const pc = this.#pc();
    // Nobody looks at a page in the background.
    if (!pc || document.visibilityState !== 'visible') return;
    if (pc !== this.#of) this.#before = null;
    this.#of = pc;
    const report = await pc.getStats();
    const { connection, streams } = summarize(report, this.#before);
    this.#before = report;
    const tracks = new Map();
    let loss = null;
    for (const stream of streams) {
      if (stream.direction === 'in') tracks.set(stream.track, judge({ loss: stream.loss, jitter: stream.jitter }));
      if (stream.loss !== null) loss = Math.max(loss ?? 0, stream.loss);
    }
    const down = pc.connectionState === 'failed' || pc.connectionState === 'disconnected';
    this.#report({ own: down ? 1 : judge({ rtt: connection.rtt, loss }), tracks });
  }
}

/** Three bars, not shown before something is known. @returns {HTMLElement} for {@link showQuality} */
export function qualityMark() {
  return h('span', { class: 'quality', role: 'img', hidden: true, data: { level: '0' } }, h('i'), h('i'), h('i'));
}

/**
 * @param {HTMLElement} mark
 * @param {Level} level
 */
export function showQuality(mark, level) {
  mark.hidden = level === 0;
  mark.dataset.level = String(level);
  setAttribute(mark, 'aria-label', qualityText(level));
}

/** @param {Level} level @returns {string} */
export function qualityText(level) {
  return t(NAMES[level]);
}
