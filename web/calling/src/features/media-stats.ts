/** Numbers about what is sent and received, in the documented shape. */

import { Emitter } from '../emitter.js';
import { CommunicationError } from '../errors.js';
import type { FeatureContext } from '../internal.js';
import type {
  IncomingAudioMediaStats,
  IncomingVideoMediaStats,
  MediaStatsCallFeature,
  MediaStatsCollector,
  MediaStatsCollectorOptions,
  MediaStatsReport,
  MediaStatsReportSample,
  MediaStatsReportSummary,
  OutgoingAudioMediaStats,
  OutgoingVideoMediaStats,
  StreamStats,
} from '../types/index.js';
import { Feature } from './feature.js';
import { candidatePair, linked, number, ofType, rise, watchReadings } from './readings.js';
import type { Reading, Stat } from './readings.js';

/** What statistics do not say by themselves, by the id of a browser's track. */
export interface About {
  isScreen(trackId: string): boolean;
  /** `RemoteVideoStream.id`. */
  streamId(trackId: string): number | undefined;
}

type N = number;
type S = string;

/** One reading in the documented shape. `longest` remembers the longest freeze by entry. */
export function sampleOf(reading: Reading, about: About, longest: Map<string, number>): MediaStatsReport<N, S> {
  const report: MediaStatsReport<N, S> = {
    audio: { send: [], receive: [] },
    video: { send: [], receive: [] },
    screenShare: { send: [], receive: [] },
    transports: [],
  };
  const layers = new Map<string, OutgoingVideoMediaStats<N, S>[]>();
  for (const stat of ofType(reading.now, 'outbound-rtp')) {
    const source = linked(reading.now, stat, 'mediaSourceId');
    if (stat.kind === 'audio') report.audio.send.push(outgoingAudio(reading, stat, source));
    else {
      const trackId = String(source?.trackIdentifier ?? stat.mid ?? '');
      const list = layers.get(trackId) ?? [];
      layers.set(trackId, [...list, outgoingVideo(reading, stat, source)]);
    }
  }
  for (const [trackId, list] of layers) {
    // The largest size stands for the picture, the others beside it.
    const [main, ...others] = list.sort((one, other) => (other.frameWidthSent ?? 0) - (one.frameWidthSent ?? 0));
    if (!main) continue;
    if (others.length > 0) main.altLayouts = others;
    report[about.isScreen(trackId) ? 'screenShare' : 'video'].send.push(main);
  }
  for (const stat of ofType(reading.now, 'inbound-rtp')) {
    const trackId = String(stat.trackIdentifier ?? '');
    if (stat.kind === 'audio') report.audio.receive.push(incomingAudio(reading, stat));
    else {
      const one = incomingVideo(reading, stat, longest);
      const streamId = about.streamId(trackId);
      if (streamId !== undefined) one.streamId = streamId;
      report[about.isScreen(trackId) ? 'screenShare' : 'video'].receive.push(one);
    }
  }
  const pair = candidatePair(reading.now);
  if (pair) {
    report.transports.push(
      defined({
        id: String(ofType(reading.now, 'transport')[0]?.id ?? pair.transportId ?? pair.id),
        rttInMs: milliseconds(number(pair, 'currentRoundTripTime')),
        availableIncomingBitrate: number(pair, 'availableIncomingBitrate'),
        availableOutgoingBitrate: number(pair, 'availableOutgoingBitrate'),
      }),
    );
  }
  return report;
}

function common(reading: Reading, stat: Stat, direction: 'Sent' | 'Received'): StreamStats<N, S> {
  const theirs = linked(reading.now, stat, 'remoteId');
  // What the other side reports on is what was lost on the way there.
  const losses = direction === 'Sent' ? theirs : stat;
  const mime = linked(reading.now, stat, 'codecId')?.mimeType;
  return {
    id: stat.id,
    codecName: typeof mime === 'string' ? mime.slice(mime.indexOf('/') + 1).toUpperCase() : undefined,
    bitrate: perSecond(reading, rise(reading, stat, `bytes${direction}`) * 8),
    jitterInMs: milliseconds(number(losses, 'jitter')),
    packets: number(stat, `packets${direction}`),
    packetsPerSecond: perSecond(reading, rise(reading, stat, `packets${direction}`)),
    packetsLost: number(losses, 'packetsLost'),
    packetsLostPerSecond: losses && perSecond(reading, rise(reading, losses, 'packetsLost')),
    rttInMs: milliseconds(number(theirs, 'roundTripTime')),
    transportId: typeof stat.transportId === 'string' ? stat.transportId : undefined,
  };
}

const outgoingAudio = (reading: Reading, stat: Stat, source: Stat | undefined): OutgoingAudioMediaStats<N, S> =>
  defined({ ...common(reading, stat, 'Sent'), audioInputLevel: level(number(source, 'audioLevel')) });

function incomingAudio(reading: Reading, stat: Stat): IncomingAudioMediaStats<N, S> {
  const samples = rise(reading, stat, 'totalSamplesReceived');
  const healed = rise(reading, stat, 'concealedSamples') - rise(reading, stat, 'silentConcealedSamples');
  return defined({
    ...common(reading, stat, 'Received'),
    jitterBufferDelayInMs: bufferDelay(reading, stat),
    audioOutputLevel: level(number(stat, 'audioLevel')),
    healedRatio: samples > 0 ? Math.min(Math.max(healed / samples, 0), 1) : undefined,
  });
}

function outgoingVideo(reading: Reading, stat: Stat, source: Stat | undefined): OutgoingVideoMediaStats<N, S> {
  return defined({
    ...common(reading, stat, 'Sent'),
    frameRateInput: number(source, 'framesPerSecond'),
    frameWidthInput: number(source, 'width'),
    frameHeightInput: number(source, 'height'),
    framesEncoded: number(stat, 'framesEncoded'),
    frameRateEncoded: perSecond(reading, rise(reading, stat, 'framesEncoded')),
    framesSent: number(stat, 'framesSent'),
    frameRateSent: perSecond(reading, rise(reading, stat, 'framesSent')),
    frameWidthSent: number(stat, 'frameWidth'),
    frameHeightSent: number(stat, 'frameHeight'),
    keyFramesEncoded: number(stat, 'keyFramesEncoded'),
  });
}

function incomingVideo(reading: Reading, stat: Stat, longest: Map<string, number>): IncomingVideoMediaStats<N, S> {
  const freezes = rise(reading, stat, 'freezeCount');
  // Of several in one second, each counts the same.
  const freeze = freezes > 0 ? (rise(reading, stat, 'totalFreezesDuration') / freezes) * 1_000 : 0;
  longest.set(stat.id, Math.max(longest.get(stat.id) ?? 0, freeze));
  return defined({
    ...common(reading, stat, 'Received'),
    jitterBufferDelayInMs: bufferDelay(reading, stat),
    frameRateDecoded: perSecond(reading, rise(reading, stat, 'framesDecoded')),
    frameRateReceived: perSecond(reading, rise(reading, stat, 'framesReceived')),
    frameWidthReceived: number(stat, 'frameWidth'),
    frameHeightReceived: number(stat, 'frameHeight'),
    longestFreezeDurationInMs: longest.get(stat.id),
    totalFreezeDurationInMs: milliseconds(number(stat, 'totalFreezesDuration')),
    framesReceived: number(stat, 'framesReceived'),
    framesDecoded: number(stat, 'framesDecoded'),
    framesDropped: number(stat, 'framesDropped'),
    keyFramesDecoded: number(stat, 'keyFramesDecoded'),
  });
}

const perSecond = ({ elapsed }: Reading, amount: number) => Math.round((amount / elapsed) * 1_000);
const milliseconds = (seconds: number | undefined) => (seconds === undefined ? undefined : Math.round(seconds * 1_000));
const level = (share: number | undefined) => (share === undefined ? undefined : Math.round(share * 65_536));

function bufferDelay(reading: Reading, stat: Stat): number | undefined {
  const emitted = rise(reading, stat, 'jitterBufferEmittedCount');
  return emitted > 0 ? milliseconds(rise(reading, stat, 'jitterBufferDelay') / emitted) : undefined;
}

/** Without the members that are not known. */
function defined<T extends object>(stats: T): T {
  return Object.fromEntries(Object.entries(stats).filter(([, value]) => value !== undefined)) as T;
}

/** Counters, of which the last value of an interval counts; of everything else it is the average. */
const COUNTERS =
  /^(packets|packetsLost|framesEncoded|framesSent|keyFramesEncoded|longestFreeze\w+|totalFreeze\w+|framesReceived|framesDecoded|framesDropped|keyFramesDecoded|streamId)$/;

type Values = Record<string, unknown>;

/** Puts samples together to one data point: by id, averages or last values. */
export function dataPoint(samples: Values[]): Map<string, Values> {
  const byId = new Map<string, Values[]>();
  for (const sample of samples) byId.set(String(sample.id), [...(byId.get(String(sample.id)) ?? []), sample]);
  const points = new Map<string, Values>();
  for (const [id, list] of byId) {
    const last = list.at(-1) ?? {};
    const point: Values = { id };
    for (const [name, value] of Object.entries(last)) {
      if (name === 'altLayouts') continue;
      const numbers = list.flatMap((one) => (typeof one[name] === 'number' ? [one[name]] : []));
      const average = typeof value === 'number' && !COUNTERS.test(name);
      point[name] = average ? numbers.reduce((sum, one) => sum + one, 0) / numbers.length : value;
    }
    points.set(id, point);
  }
  return points;
}

type Kind = 'audio' | 'video' | 'screenShare';
const LISTS = (['audio', 'video', 'screenShare'] as Kind[]).flatMap((kind) =>
  (['send', 'receive'] as const).map((direction) => ({ kind, direction })),
);

/** A summary of intervals, each with its samples. */
export function summaryOf(intervals: MediaStatsReport<N, S>[][]): MediaStatsReport<N[], S[]> {
  const series = (pick: (sample: MediaStatsReport<N, S>) => object[]) => {
    const all = new Map<string, Values>();
    for (const interval of intervals) {
      for (const [id, point] of dataPoint(interval.flatMap((sample) => pick(sample) as Values[]))) {
        const entry = all.get(id) ?? { id };
        all.set(id, entry);
        for (const [name, value] of Object.entries(point)) {
          if (name !== 'id') entry[name] = [...((entry[name] as unknown[]) ?? []), value];
        }
      }
    }
    return [...all.values()];
  };
  const summary: Record<string, unknown> = { transports: series(({ transports }) => transports) };
  for (const { kind, direction } of LISTS) {
    // Smaller sizes are entries of their own here: they come and go.
    const pick = (sample: MediaStatsReport<N, S>) =>
      (sample[kind][direction] as OutgoingVideoMediaStats<N, S>[]).flatMap((one) => [one, ...(one.altLayouts ?? [])]);
    summary[kind] = { ...(summary[kind] as object | undefined), [direction]: series(pick) };
  }
  return summary as unknown as MediaStatsReport<N[], S[]>;
}

type CollectorEvents = { sampleReported: MediaStatsReportSample; summaryReported: MediaStatsReportSummary };

class Collector extends Emitter<CollectorEvents> implements MediaStatsCollector {
  /** @internal */
  readonly _interval: number;
  /** @internal */
  readonly _points: number;
  /** @internal */
  readonly _gone: (collector: Collector) => void;
  /** @internal */
  _intervals: MediaStatsReport<N, S>[][] = [[]];

  constructor({ aggregationInterval = 10, dataPointsPerAggregation = 6 }: MediaStatsCollectorOptions, gone: (c: Collector) => void) {
    super();
    if (!(aggregationInterval >= 1 && dataPointsPerAggregation >= 1)) {
      throw new CommunicationError('Interval and data points are whole numbers from 1.', 400);
    }
    this._interval = Math.floor(aggregationInterval);
    this._points = Math.floor(dataPointsPerAggregation);
    this._gone = gone;
  }

  dispose(): void {
    this._gone(this);
    this._dropListeners();
  }

  /** @internal */
  _take(sample: MediaStatsReport<N, S>): void {
    const timestamp = new Date();
    this._emit('sampleReported', { ...sample, timestamp });
    this._intervals.at(-1)?.push(sample);
    if ((this._intervals.at(-1)?.length ?? 0) < this._interval) return;
    if (this._intervals.length < this._points) {
      this._intervals.push([]);
      return;
    }
    const intervals = this._intervals;
    this._intervals = [[]];
    this._emit('summaryReported', { ...summaryOf(intervals), timestamp });
  }
}

export class MediaStats extends Feature<Record<never, never>> implements MediaStatsCallFeature {
  /** @internal */
  readonly _collectors = new Set<Collector>();
  /** @internal */
  readonly _longest = new Map<string, number>();
  /** @internal */
  _stop: (() => void) | null = null;

  constructor(context: FeatureContext) {
    super('MediaStats', context);
    this._when(['state'], () => context.conference.state === 'ended' && this.disposeAllCollectors());
  }

  createCollector(options: MediaStatsCollectorOptions = {}): MediaStatsCollector {
    const collector = new Collector(options, (one) => {
      this._collectors.delete(one);
      if (this._collectors.size > 0) return;
      this._stop?.();
      this._stop = null;
    });
    this._collectors.add(collector);
    this._stop ??= watchReadings(this._context, (reading) => this._report(reading));
    return collector;
  }

  disposeAllCollectors(): void {
    for (const collector of [...this._collectors]) collector.dispose();
  }

  override dispose(): void {
    this.disposeAllCollectors();
    super.dispose();
  }

  /** @internal */
  _report(reading: Reading): void {
    const { conference, local, streamId } = this._context;
    const byMedia = new Map([...conference.tracks.values()].map((track) => [track.media?.id, track]));
    const about: About = {
      isScreen: (id) => id === local.screen?.id || byMedia.get(id)?.source === 'TRACK_SOURCE_SCREEN',
      streamId: (id) => {
        const track = byMedia.get(id);
        return track && streamId(track.id);
      },
    };
    // One for each: a collector's listener may keep or freeze it.
    for (const collector of [...this._collectors]) collector._take(sampleOf(reading, about, this._longest));
  }
}
