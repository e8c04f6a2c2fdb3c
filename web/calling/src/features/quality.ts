/** How good the network is, from the statistics of the media connection, calmed so that one bad second says nothing. */

import { DiagnosticQuality } from '../types/index.js';
import { candidatePair, linked, number, ofType, rise } from './readings.js';
import type { Reading, Stat } from './readings.js';

/** From which figure on it is poor, and bad. Loss as a share, times in seconds, bandwidth in bit/s. */
const LOSS = [0.05, 0.15] as const;
const JITTER = [0.1, 0.25] as const;
const ROUND_TRIP = [0.5, 1] as const;
const UPLINK = [150_000, 50_000] as const;
/** Readings (seconds) in a row until it is said that it is worse, and that it is better. */
const WORSE_AFTER = 3;
const BETTER_AFTER = 6;
/** With fewer packets a second, a lost one says little. */
const ENOUGH_PACKETS = 20;

/** How well the others are received. */
export function receiveQuality(reading: Reading): DiagnosticQuality {
  const streams = ofType(reading.now, 'inbound-rtp');
  const arrived = total(streams, (stat) => rise(reading, stat, 'packetsReceived'));
  const lost = total(streams, (stat) => rise(reading, stat, 'packetsLost'));
  const jitters = streams
    .filter((stat) => stat.kind === 'audio' && rise(reading, stat, 'packetsReceived') > 0)
    .map((stat) => number(stat, 'jitter') ?? 0);
  return worst([
    arrived + lost >= ENOUGH_PACKETS ? above(lost / (arrived + lost), LOSS) : DiagnosticQuality.Good,
    above(Math.max(0, ...jitters), JITTER),
  ]);
}

/** How well one is sent. */
export function sendQuality(reading: Reading): DiagnosticQuality {
  const streams = ofType(reading.now, 'outbound-rtp').filter((stat) => rise(reading, stat, 'packetsSent') > 0);
  if (streams.length === 0) return DiagnosticQuality.Good;
  const reports = streams.flatMap((stat) => linked(reading.now, stat, 'remoteId') ?? []);
  // Reports that have not come anew say nothing new.
  const fresh = reports.filter((stat) => stat.timestamp !== reading.before.get(stat.id)?.timestamp);
  const loss = Math.max(0, ...fresh.map((stat) => number(stat, 'fractionLost') ?? 0));
  const pair = candidatePair(reading.now);
  const limited = streams.some(({ qualityLimitationReason }) => qualityLimitationReason === 'bandwidth');
  const uplink = number(pair, 'availableOutgoingBitrate');
  return worst([
    above(loss, LOSS),
    above(number(pair, 'currentRoundTripTime') ?? 0, ROUND_TRIP),
    limited && uplink !== undefined ? above(-uplink, [-UPLINK[0], -UPLINK[1]]) : DiagnosticQuality.Good,
  ]);
}

/** Says another quality only when it has lasted. */
export class Calm {
  value = DiagnosticQuality.Good;
  /** The worst since it is worse, or the worst since it is better: what it will be. */
  #coming: DiagnosticQuality = DiagnosticQuality.Good;
  #seconds = 0;

  take(quality: DiagnosticQuality): DiagnosticQuality {
    const direction = Math.sign(quality - this.value);
    if (direction === 0) {
      this.#seconds = 0;
      return this.value;
    }
    const same = this.#seconds > 0 && Math.sign(this.#coming - this.value) === direction;
    // On the way down the mildest of these seconds counts, on the way up the worst.
    this.#coming = same ? (direction > 0 ? Math.min(this.#coming, quality) : Math.max(this.#coming, quality)) : quality;
    this.#seconds = same ? this.#seconds + 1 : 1;
    if (this.#seconds >= (direction > 0 ? WORSE_AFTER : BETTER_AFTER)) {
      this.value = this.#coming;
      this.#seconds = 0;
    }
    return this.value;
  }
}

const total = (stats: Stat[], of: (stat: Stat) => number) => stats.reduce((sum, stat) => sum + of(stat), 0);
const worst = (qualities: DiagnosticQuality[]): DiagnosticQuality => Math.max(...qualities);

function above(figure: number, [poor, bad]: readonly [number, number]): DiagnosticQuality {
  if (figure >= bad) return DiagnosticQuality.Bad;
  return figure >= poor ? DiagnosticQuality.Poor : DiagnosticQuality.Good;
}
