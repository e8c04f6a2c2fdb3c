import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dataPoint, sampleOf, summaryOf } from '../src/features/media-stats.js';
import { VideoBudget, budgetOf, isTooMuch } from '../src/features/optimal-video-count.js';
import type { Reading, Stat } from '../src/features/readings.js';
import type { MediaStatsReport } from '../src/types/index.js';

function reading(before: object[], now: object[]): Reading {
  const map = (stats: object[]) => new Map((stats as Stat[]).map((stat) => [stat.id, stat]));
  return { elapsed: 1_000, before: map(before), now: map(now) };
}

const about = { isScreen: (id: string) => id === 'screen', streamId: (id: string) => (id === 'theirs' ? 4 : undefined) };

test('a reading in the documented shape', () => {
  const at = (n: number) => [
    { id: 'codec', type: 'codec', mimeType: 'video/VP8' },
    { id: 'cam', type: 'media-source', trackIdentifier: 'camera', framesPerSecond: 24, width: 1280, height: 720 },
    { id: 'scr', type: 'media-source', trackIdentifier: 'screen' },
    { id: 'mic', type: 'media-source', audioLevel: 0.5 },
    { id: 'q', type: 'outbound-rtp', kind: 'video', mediaSourceId: 'cam', frameWidth: 320, bytesSent: n * 1_000 },
    {
      id: 'f', type: 'outbound-rtp', kind: 'video', mediaSourceId: 'cam', codecId: 'codec', frameWidth: 1280,
      bytesSent: n * 10_000, packetsSent: n * 100, framesEncoded: n * 24, remoteId: 'r', transportId: 't',
    },
    { id: 'r', type: 'remote-inbound-rtp', packetsLost: n * 2, jitter: 0.004, roundTripTime: 0.05 },
    { id: 's', type: 'outbound-rtp', kind: 'video', mediaSourceId: 'scr', bytesSent: 0 },
    { id: 'a', type: 'outbound-rtp', kind: 'audio', mediaSourceId: 'mic', bytesSent: n * 4_000 },
    {
      id: 'v', type: 'inbound-rtp', kind: 'video', trackIdentifier: 'theirs', freezeCount: n, totalFreezesDuration: n * 0.3,
      framesDecoded: n * 20, packetsReceived: n * 80, packetsLost: n,
    },
    {
      id: 'h', type: 'inbound-rtp', kind: 'audio', totalSamplesReceived: n * 48_000, concealedSamples: n * 4_800,
      silentConcealedSamples: n * 2_400, jitterBufferDelay: n * 960, jitterBufferEmittedCount: n * 48_000,
    },
    { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
    { id: 'p', type: 'candidate-pair', currentRoundTripTime: 0.031, availableOutgoingBitrate: 900_000 },
  ];
  const sample = sampleOf(reading(at(1), at(2)), about, new Map());
  const [camera] = sample.video.send;
  assert.equal(sample.video.send.length, 1);
  assert.deepEqual(
    [camera?.id, camera?.codecName, camera?.bitrate, camera?.packetsLostPerSecond, camera?.rttInMs, camera?.frameRateEncoded],
    ['f', 'VP8', 80_000, 2, 50, 24],
  );
  assert.deepEqual([camera?.frameWidthInput, camera?.altLayouts?.map(({ id }) => id)], [1280, ['q']]);
  assert.deepEqual(sample.screenShare.send.map(({ id }) => id), ['s']);
  assert.equal(sample.audio.send[0]?.audioInputLevel, 32_768);
  const [theirs] = sample.video.receive;
  assert.deepEqual([theirs?.streamId, theirs?.frameRateDecoded, theirs?.packetsLost], [4, 20, 2]);
  assert.equal(theirs?.longestFreezeDurationInMs, 300);
  assert.deepEqual([sample.audio.receive[0]?.healedRatio, sample.audio.receive[0]?.jitterBufferDelayInMs], [0.05, 20]);
  assert.deepEqual(sample.transports, [{ id: 't', rttInMs: 31, availableOutgoingBitrate: 900_000 }]);
  assert.ok(!('rttInMs' in (sample.audio.receive[0] ?? {})), 'what is not known is left out');
});

test('a counter that starts anew does not count backwards', () => {
  const at = (bytesSent: number) => [{ id: 'a', type: 'outbound-rtp', kind: 'audio', bytesSent }];
  assert.equal(sampleOf(reading(at(9_000), at(1_000)), about, new Map()).audio.send[0]?.bitrate, 8_000);
});

test('data points: averages of figures, last values of counters and texts', () => {
  const points = dataPoint([
    { id: 'a', bitrate: 10, packets: 1, codecName: 'OPUS' },
    { id: 'a', bitrate: 20, packets: 5, codecName: 'OPUS' },
    { id: 'b', bitrate: 7 },
  ]);
  assert.deepEqual(points.get('a'), { id: 'a', bitrate: 15, packets: 5, codecName: 'OPUS' });
  assert.deepEqual(points.get('b'), { id: 'b', bitrate: 7 });
});

test('a summary has one entry per interval', () => {
  const sample = (bitrate: number): MediaStatsReport<number, string> => ({
    audio: { send: [{ id: 'a', bitrate }], receive: [] },
    video: { send: [{ id: 'f', bitrate, altLayouts: [{ id: 'q', bitrate: 1 }] }], receive: [] },
    screenShare: { send: [], receive: [] },
    transports: [{ id: 't', rttInMs: bitrate }],
  });
  const summary = summaryOf([[sample(10), sample(20)], [sample(30), sample(30)]]);
  assert.deepEqual(summary.audio.send, [{ id: 'a', bitrate: [15, 30] }]);
  assert.deepEqual(summary.video.send.map(({ id }) => id), ['f', 'q']);
  assert.deepEqual(summary.transports, [{ id: 't', rttInMs: [15, 30] }]);
  assert.deepEqual(summary.screenShare, { send: [], receive: [] });
});

test('pictures: fewer when it is too much, slowly more when it is fine', () => {
  assert.deepEqual(budgetOf(2), { first: 4, most: 6 });
  const budget = new VideoBudget(budgetOf(8));
  const seconds = (count: number, tooMuch: boolean) => {
    for (let second = 0; second < count; second += 1) budget.take(tooMuch);
    return budget.count;
  };
  assert.equal(seconds(2, true), 9);
  assert.equal(seconds(1, true), 6);
  assert.equal(seconds(30, true), 1);
  assert.equal(seconds(9, false), 1);
  assert.equal(seconds(1, false), 2);
  assert.equal(seconds(1_000, false), 16);
});

test('too much: a busy processor, dropped frames, lost packets', () => {
  const video = (more: object) => [{ id: 'v', type: 'inbound-rtp', kind: 'video', ...more }];
  assert.equal(isTooMuch(reading([], video({ framesReceived: 100, framesDropped: 5 }))), false);
  assert.equal(isTooMuch(reading([], video({ framesReceived: 100, framesDropped: 20 }))), true);
  assert.equal(isTooMuch(reading([], video({ packetsReceived: 100, packetsLost: 20 }))), true);
  const cpu = [{ id: 'o', type: 'outbound-rtp', kind: 'video', qualityLimitationReason: 'cpu' }];
  assert.equal(isTooMuch(reading([], cpu)), true);
});
