/**
 * Figures of what is sent and received. Which there are, their names and units are those of the public article “Media quality
 * statistics” (concepts/voice-video-calling/media-quality-sdk); a browser that does not measure one leaves it out.
 */

import type { CallFeature } from '../feature.js';

/** Of one second, a figure is a number (`Count`) or a text (`Name`); of a summary, a list with one for each interval. */
interface Measured<Count, Name> {
  /** The same stream over several reports. */
  id: Name;
  /** Opus, VP8, H264, … */
  codecName?: Name;
  /** Bit/s, without headers. */
  bitrate?: Count;
  /** Of arrivals (RFC 3550 §6.4.1); for what is sent, as the other side reports. */
  jitterInMs?: Count;
  /** Since the beginning. */
  packets?: Count;
  packetsPerSecond?: Count;
  /** Since the beginning; for what is sent, as the other side reports. */
  packetsLost?: Count;
  packetsLostPerSecond?: Count;
  /** Round trip by RTCP. */
  rttInMs?: Count;
  /** The entry of `transports` it goes over. */
  transportId?: Name;
}

/** Any stream. */
export type StreamStats<Count, Name> = Measured<Count, Name>;

export interface OutgoingAudioMediaStats<Count, Name> extends Measured<Count, Name> {
  /** 0 to 65,536. */
  audioInputLevel?: Count;
}

export interface IncomingAudioMediaStats<Count, Name> extends Measured<Count, Name> {
  /** What a packet waits for those that are late. */
  jitterBufferDelayInMs?: Count;
  /** 0 to 65,536. */
  audioOutputLevel?: Count;
  /** Share of what was played that concealment has made up, 0 to 1. */
  healedRatio?: Count;
}

/** Sizes are in pixels, rates per second; what counts frames does so since the beginning. */
export interface OutgoingVideoMediaStats<Count, Name> extends Measured<Count, Name> {
  /** From the camera or the screen. */
  frameRateInput?: Count;
  frameWidthInput?: Count;
  frameHeightInput?: Count;
  framesEncoded?: Count;
  frameRateEncoded?: Count;
  keyFramesEncoded?: Count;
  framesSent?: Count;
  frameRateSent?: Count;
  frameWidthSent?: Count;
  frameHeightSent?: Count;
  /** The same picture in other sizes, where it is sent in several. */
  altLayouts?: OutgoingVideoMediaStats<Count, Name>[];
}

/** Sizes are in pixels, rates per second; what counts frames does so since the beginning. */
export interface IncomingVideoMediaStats<Count, Name> extends Measured<Count, Name> {
  /** `RemoteVideoStream.id`. */
  streamId?: Count;
  jitterBufferDelayInMs?: Count;
  framesReceived?: Count;
  frameRateReceived?: Count;
  frameWidthReceived?: Count;
  frameHeightReceived?: Count;
  framesDecoded?: Count;
  frameRateDecoded?: Count;
  framesDropped?: Count;
  keyFramesDecoded?: Count;
  longestFreezeDurationInMs?: Count;
  totalFreezeDurationInMs?: Count;
}

/** As of a camera. */
export type OutgoingScreenShareMediaStats<Count, Name> = OutgoingVideoMediaStats<Count, Name>;
/** As of a camera. */
export type IncomingScreenShareMediaStats<Count, Name> = IncomingVideoMediaStats<Count, Name>;

/** A connection of the call's media. */
export interface TransportMediaStats<Count, Name = string> {
  id: Name;
  /** Round trip by ICE. */
  rttInMs?: Count;
  /** Estimates of the bandwidth, in bit/s. */
  availableIncomingBitrate?: Count;
  availableOutgoingBitrate?: Count;
}

/** What goes out and what comes in. */
interface BothWays<Out, In> {
  send: Out[];
  receive: In[];
}

export interface MediaStatsReport<Count, Name> {
  audio: BothWays<OutgoingAudioMediaStats<Count, Name>, IncomingAudioMediaStats<Count, Name>>;
  video: BothWays<OutgoingVideoMediaStats<Count, Name>, IncomingVideoMediaStats<Count, Name>>;
  screenShare: BothWays<OutgoingScreenShareMediaStats<Count, Name>, IncomingScreenShareMediaStats<Count, Name>>;
  transports: TransportMediaStats<Count, Name>[];
}

/** One second. */
export interface MediaStatsReportSample extends MediaStatsReport<number, string> {
  timestamp: Date;
}

/** Several intervals: of each, the average, or the last value of what only grows. */
export interface MediaStatsReportSummary extends MediaStatsReport<number[], string[]> {
  /** When the last one ended. */
  timestamp: Date;
}

export interface MediaStatsCollectorOptions {
  /** Length of an interval in seconds, from 1; 10 when left out. */
  aggregationInterval?: number;
  /** Intervals in a summary, from 1; 6 when left out. */
  dataPointsPerAggregation?: number;
}

/** Goes on until it is disposed of or the call ends. */
export interface MediaStatsCollector {
  on(event: 'sampleReported', listener: (sample: MediaStatsReportSample) => void): void;
  on(event: 'summaryReported', listener: (summary: MediaStatsReportSummary) => void): void;
  off(event: 'sampleReported', listener: (sample: MediaStatsReportSample) => void): void;
  off(event: 'summaryReported', listener: (summary: MediaStatsReportSummary) => void): void;
  dispose(): void;
}

/** `call.feature(Features.MediaStats)`. */
export interface MediaStatsCallFeature extends CallFeature {
  createCollector(options?: MediaStatsCollectorOptions): MediaStatsCollector;
  /** Ends all of them. */
  disposeAllCollectors(): void;
}
