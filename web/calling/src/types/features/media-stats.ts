/** Numbers about sound and pictures, every second and summed up. Bits and packets are per second where the name says so. */

import type { CallFeature } from '../feature.js';

/** What every stream has. `N` is a number, or several in a summary; `S` the same of strings. */
export interface StreamStats<N, S> {
  /** Same over time. */
  id: string;
  codecName?: S;
  bitrate?: N;
  jitterInMs?: N;
  packets?: N;
  packetsPerSecond?: N;
  packetsLost?: N;
  packetsLostPerSecond?: N;
  rttInMs?: N;
  /** Of `transports`. */
  transportId?: S;
}

export interface OutgoingAudioMediaStats<N, S> extends StreamStats<N, S> {
  /** 0 to 65536. */
  audioInputLevel?: N;
}

export interface IncomingAudioMediaStats<N, S> extends StreamStats<N, S> {
  jitterBufferDelayInMs?: N;
  /** 0 to 65536. */
  audioOutputLevel?: N;
  /** Share of what is heard that was made up because packets were lost, 0 to 1. */
  healedRatio?: N;
}

export interface OutgoingVideoMediaStats<N, S> extends StreamStats<N, S> {
  frameRateInput?: N;
  frameWidthInput?: N;
  frameHeightInput?: N;
  framesEncoded?: N;
  frameRateEncoded?: N;
  framesSent?: N;
  frameRateSent?: N;
  frameWidthSent?: N;
  frameHeightSent?: N;
  keyFramesEncoded?: N;
  /** The smaller sizes that are sent at the same time. */
  altLayouts?: OutgoingVideoMediaStats<N, S>[];
}

export interface IncomingVideoMediaStats<N, S> extends StreamStats<N, S> {
  /** `RemoteVideoStream.id`. */
  streamId?: N;
  jitterBufferDelayInMs?: N;
  frameRateDecoded?: N;
  frameRateReceived?: N;
  frameWidthReceived?: N;
  frameHeightReceived?: N;
  longestFreezeDurationInMs?: N;
  totalFreezeDurationInMs?: N;
  framesReceived?: N;
  framesDecoded?: N;
  framesDropped?: N;
  keyFramesDecoded?: N;
}

export type OutgoingScreenShareMediaStats<N, S> = OutgoingVideoMediaStats<N, S>;
export type IncomingScreenShareMediaStats<N, S> = IncomingVideoMediaStats<N, S>;

export interface TransportMediaStats<N> {
  id: string;
  rttInMs?: N;
  availableIncomingBitrate?: N;
  availableOutgoingBitrate?: N;
}

export interface MediaStatsReport<N, S> {
  audio: { send: OutgoingAudioMediaStats<N, S>[]; receive: IncomingAudioMediaStats<N, S>[] };
  video: { send: OutgoingVideoMediaStats<N, S>[]; receive: IncomingVideoMediaStats<N, S>[] };
  screenShare: { send: OutgoingScreenShareMediaStats<N, S>[]; receive: IncomingScreenShareMediaStats<N, S>[] };
  transports: TransportMediaStats<N>[];
}

/** How things are at this second. */
export interface MediaStatsReportSample extends MediaStatsReport<number, string> {
  readonly timestamp: Date;
}

/** How things were: of every number and text the data points, the oldest first. */
export interface MediaStatsReportSummary extends MediaStatsReport<number[], string[]> {
  readonly timestamp: Date;
}

export interface MediaStatsCollectorOptions {
  /** Seconds that are put together to one data point; 10 unless told. */
  aggregationInterval?: number;
  /** Data points of one summary; 6 unless told. */
  dataPointsPerAggregation?: number;
}

export interface MediaStatsCollector {
  on(event: 'sampleReported', listener: (sample: MediaStatsReportSample) => void): void;
  on(event: 'summaryReported', listener: (summary: MediaStatsReportSummary) => void): void;
  off(event: 'sampleReported', listener: (sample: MediaStatsReportSample) => void): void;
  off(event: 'summaryReported', listener: (summary: MediaStatsReportSummary) => void): void;
  dispose(): void;
}

export interface MediaStatsCallFeature extends CallFeature {
  createCollector(options?: MediaStatsCollectorOptions): MediaStatsCollector;
  disposeAllCollectors(): void;
}
