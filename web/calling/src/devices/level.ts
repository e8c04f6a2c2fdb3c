/** How loud a track is. */

import { Emitter } from '../emitter.js';
import type { AudioStreamVolume } from '../types/index.js';

const INTERVAL_MS = 200;
/** Decibels that count as silence, and as all there is. */
const RANGE_DB = [-60, -10] as const;

/**
 * Reports the level of a track five times a second.
 *
 * @param report gets 0 (silence) to 100
 * @returns what ends it
 */
export function watchLevel(track: MediaStreamTrack, report: (level: number) => void): () => void {
  if (typeof AudioContext === 'undefined') return () => {};
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  const node = context.createMediaStreamSource(new MediaStream([track]));
  node.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  // Without a gesture on the page it stands still, and reports silence.
  void context.resume();
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    report(levelOf(samples));
  }, INTERVAL_MS);
  return () => {
    clearInterval(timer);
    node.disconnect();
    void context.close();
  };
}

/** Level of samples between -1 and 1: 0 to 100. */
export function levelOf(samples: ArrayLike<number>): number {
  let power = 0;
  for (let index = 0; index < samples.length; index += 1) power += (samples[index] ?? 0) ** 2;
  const decibels = 10 * Math.log10(power / Math.max(samples.length, 1) || Number.MIN_VALUE);
  const [silence, loudest] = RANGE_DB;
  return Math.round(Math.min(Math.max((decibels - silence) / (loudest - silence), 0), 1) * 100);
}

class Volume extends Emitter<{ levelChanged: void }> implements AudioStreamVolume {
  level = 0;
  /** @internal */
  readonly _track: MediaStreamTrack | undefined;
  /** @internal */
  _stop: (() => void) | null = null;

  constructor(track: MediaStreamTrack | undefined) {
    super();
    this._track = track;
  }

  /** Measures while somebody listens. */
  override on(event: 'levelChanged', listener: (payload: void) => void): void {
    super.on(event, listener);
    if (this._stop || !this._track) return;
    this._stop = watchLevel(this._track, (level) => {
      if (this._track?.readyState === 'ended') this._end();
      if (level === this.level) return;
      this.level = level;
      this._emit('levelChanged', undefined);
    });
  }

  override off(event: 'levelChanged', listener: (payload: void) => void): void {
    super.off(event, listener);
    if (!this._listeners.get(event)?.size) this._end();
  }

  /** @internal */
  _end(): void {
    this._stop?.();
    this._stop = null;
  }
}

export const volumeOf = (track: MediaStreamTrack | undefined): AudioStreamVolume => new Volume(track);
