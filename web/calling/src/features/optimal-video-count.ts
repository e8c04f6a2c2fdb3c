/** How many pictures at once this computer and its network can take: 1 to 16. */

import type { FeatureContext } from '../internal.js';
import type { OptimalVideoCountCallFeature } from '../types/index.js';
import { Feature } from './feature.js';
import { ofType, rise, watchReadings } from './readings.js';
import type { Reading } from './readings.js';

const MAXIMUM = 16;
/** Readings (seconds) in a row before there are fewer, and before there is one more. */
const WORSE_AFTER = 3;
const BETTER_AFTER = 10;
/** Share of frames that are dropped, and of packets that are lost, that is too much. */
const DROPPED = 0.1;
const LOST = 0.1;

/** What the processor allows at first and at most. */
export function budgetOf(cores: number): { first: number; most: number } {
  if (cores <= 2) return { first: 4, most: 6 };
  if (cores <= 4) return { first: 9, most: 9 };
  return { first: 9, most: MAXIMUM };
}

/** Goes down by a third when it is too much for some time, and slowly up again. */
export class VideoBudget {
  count: number;
  readonly #most: number;
  #streak = 0;

  constructor({ first, most }: { first: number; most: number }) {
    this.count = first;
    this.#most = most;
  }

  /** @returns whether the count is another one now */
  take(tooMuch: boolean): boolean {
    // Seconds of the same kind in a row: below zero too much, above fine.
    this.#streak = tooMuch ? Math.min(this.#streak, 0) - 1 : Math.max(this.#streak, 0) + 1;
    const before = this.count;
    if (this.#streak <= -WORSE_AFTER) this.count = Math.max(1, Math.floor((this.count * 2) / 3));
    else if (this.#streak >= BETTER_AFTER) this.count = Math.min(this.#most, this.count + 1);
    else return false;
    this.#streak = 0;
    return this.count !== before;
  }
}

/** Whether a reading says that it is too much. */
export function isTooMuch(reading: Reading): boolean {
  const pictures = ofType(reading.now, 'inbound-rtp').filter(({ kind }) => kind === 'video');
  const sum = (field: string) => pictures.reduce((total, stat) => total + rise(reading, stat, field), 0);
  const [received, dropped] = [sum('framesReceived'), sum('framesDropped')];
  const [packets, lost] = [sum('packetsReceived'), sum('packetsLost')];
  const cpu = ofType(reading.now, 'outbound-rtp').some(
    ({ kind, active, qualityLimitationReason }) => kind === 'video' && active !== false && qualityLimitationReason === 'cpu',
  );
  return cpu || (received > 10 && dropped / received > DROPPED) || (packets > 50 && lost / (packets + lost) > LOST);
}

export class OptimalVideoCount extends Feature<{ optimalVideoCountChanged: void }> implements OptimalVideoCountCallFeature {
  /** @internal */
  readonly _budget = new VideoBudget(budgetOf(globalThis.navigator?.hardwareConcurrency || 4));

  constructor(context: FeatureContext) {
    super('OptimalVideoCount', context);
    const stop = watchReadings(context, (reading) => {
      if (this._budget.take(isTooMuch(reading))) this._emit('optimalVideoCountChanged', undefined);
    });
    this._stops.push(stop);
    this._when(['state'], () => context.conference.state === 'ended' && stop());
  }

  get optimalVideoCount(): number {
    return this._budget.count;
  }
}
