import assert from 'node:assert/strict';
import { test } from 'node:test';

import { levelOf } from '../src/devices/level.js';
import { open } from '../src/devices/capture.js';
import { Diagnostics, Findings, SpeechDetector, findingsOf } from '../src/features/diagnostics.js';
import { Calm, receiveQuality, sendQuality } from '../src/features/quality.js';
import type { Reading, Stat } from '../src/features/readings.js';
import { DiagnosticQuality } from '../src/types/index.js';
import { CAMERA, FakeConference, FakeMediaDevices, browser, contextOf } from './surface-fakes.js';

const { Good, Poor, Bad } = DiagnosticQuality;

/** Two readings from the entries of each. */
function reading(before: object[], now: object[]): Reading {
  const map = (stats: object[]) => new Map((stats as Stat[]).map((stat) => [stat.id, stat]));
  return { elapsed: 1_000, before: map(before), now: map(now) };
}

test('a quality is said once it has lasted: three seconds to be worse, six to be better', () => {
  const calm = new Calm();
  const take = (...qualities: DiagnosticQuality[]) => qualities.map((quality) => calm.take(quality));
  assert.deepEqual(take(Bad, Bad, Good, Bad, Bad), [Good, Good, Good, Good, Good], 'a short trouble');
  assert.deepEqual(take(Poor, Bad, Bad), [Poor, Poor, Poor], 'the mildest of the three counts');
  assert.deepEqual(take(Bad), [Bad], 'and then the worse one');
  assert.deepEqual(take(Good, Good, Good, Good, Good), [Bad, Bad, Bad, Bad, Bad]);
  assert.deepEqual(take(Poor, Good, Good, Good, Good, Good), [Poor, Poor, Poor, Poor, Poor, Poor]);
  assert.deepEqual(take(Good), [Good]);
});

test('findings: what is well is told of what was not, and once', () => {
  const findings = new Findings<'noNetwork' | 'networkReconnect'>();
  const told: unknown[] = [];
  findings.on('diagnosticChanged', ({ diagnostic, value, valueType }) => told.push([diagnostic, value, valueType]));
  findings._flag('noNetwork', false);
  findings._quality('networkReconnect', Good);
  assert.deepEqual(findings.getLatest(), {});
  findings._flag('noNetwork', true);
  findings._flag('noNetwork', true);
  findings._flag('noNetwork', false);
  findings._quality('networkReconnect', Bad);
  assert.deepEqual(told, [
    ['noNetwork', true, 'DiagnosticFlag'],
    ['noNetwork', false, 'DiagnosticFlag'],
    ['networkReconnect', 3, 'DiagnosticQuality'],
  ]);
  assert.deepEqual(findings.getLatest().noNetwork, { value: false, valueType: 'DiagnosticFlag' });
  assert.notEqual(findings.getLatest().noNetwork, findings.getLatest().noNetwork);
});

test('receiving: loss and jitter', () => {
  const audio = (packetsReceived: number, packetsLost: number, jitter = 0) =>
    [{ id: 'a', type: 'inbound-rtp', kind: 'audio', packetsReceived, packetsLost, jitter }];
  assert.equal(receiveQuality(reading(audio(0, 0), audio(50, 0))), Good);
  assert.equal(receiveQuality(reading(audio(0, 0), audio(47, 3))), Poor);
  assert.equal(receiveQuality(reading(audio(0, 0), audio(40, 10))), Bad);
  assert.equal(receiveQuality(reading(audio(100, 50), audio(150, 50))), Good, 'what was lost long ago');
  assert.equal(receiveQuality(reading(audio(0, 0), audio(5, 5))), Good, 'too few to say');
  assert.equal(receiveQuality(reading(audio(0, 0), audio(50, 0, 0.3))), Bad);
  assert.equal(receiveQuality(reading(audio(50, 0, 0.3), audio(50, 0, 0.3))), Good, 'nothing comes, of nobody');
  assert.equal(receiveQuality(reading([], [])), Good);
});

test('sending: loss as reported, round trip, and bandwidth that limits', () => {
  const sent = (more: object, pair: object = {}, packets = 50) => [
    { id: 'o', type: 'outbound-rtp', kind: 'video', packetsSent: packets, remoteId: 'r', ...more },
    { id: 'r', type: 'remote-inbound-rtp', timestamp: packets, fractionLost: 0, ...more },
    { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
    { id: 'p', type: 'candidate-pair', currentRoundTripTime: 0.05, ...pair },
  ];
  const quality = (more: object, pair: object = {}) => sendQuality(reading(sent({}, {}, 0), sent(more, pair)));
  assert.equal(quality({}), Good);
  assert.equal(quality({ fractionLost: 0.06 }), Poor);
  assert.equal(quality({ fractionLost: 0.2 }), Bad);
  assert.equal(quality({}, { currentRoundTripTime: 0.7 }), Poor);
  assert.equal(quality({}, { availableOutgoingBitrate: 40_000 }), Good, 'nobody wants more');
  assert.equal(quality({ qualityLimitationReason: 'bandwidth' }, { availableOutgoingBitrate: 140_000 }), Poor);
  assert.equal(quality({ qualityLimitationReason: 'bandwidth' }, { availableOutgoingBitrate: 40_000 }), Bad);
  const same = sent({ fractionLost: 0.5 });
  assert.equal(sendQuality(reading(same, same)), Good, 'nothing is sent');
});

test('speech has to last, and so has silence', () => {
  const speech = new SpeechDetector();
  const take = (...levels: number[]) => levels.map((level) => speech.take(level));
  assert.deepEqual(take(80, 80, 0, 0, 0, 0), Array(6).fill(false), 'a cough');
  assert.deepEqual(take(80, 80, 0, 80, 80), [false, false, false, false, true], 'words with a gap');
  assert.deepEqual(take(...Array(9).fill(0)), Array(9).fill(true), 'a pause between words');
  assert.deepEqual(take(0), [false]);
  assert.equal(levelOf(new Float32Array(64)), 0);
  assert.equal(levelOf(new Float32Array(64).fill(1)), 100);
  const quiet = levelOf(new Float32Array(64).fill(0.01));
  assert.ok(quiet > 20 && quiet < 60, `${quiet}`);
});

test('what became of a device', () => {
  const wrong = (outcome: Parameters<typeof findingsOf>[0]) =>
    findingsOf(outcome).filter(([, is]) => is).map(([name]) => name);
  assert.deepEqual(wrong({ device: 'camera', problem: 'denied' }), ['cameraPermissionDenied']);
  assert.deepEqual(wrong({ device: 'camera', problem: 'busy' }), ['cameraStartFailed']);
  assert.deepEqual(wrong({ device: 'camera', problem: 'lost' }), ['cameraStoppedUnexpectedly']);
  assert.deepEqual(wrong({ device: 'camera', problem: null }), []);
  assert.deepEqual(wrong({ device: 'microphone', problem: 'denied' }), ['microphonePermissionDenied']);
  assert.deepEqual(wrong({ device: 'microphone', problem: 'missing' }), ['microphoneNotFunctioning']);
  assert.deepEqual(wrong({ device: 'screen', problem: 'denied', cause: new Error('Permission denied by user') }), []);
  assert.deepEqual(
    wrong({ device: 'screen', problem: 'denied', cause: new Error('Permission denied by system') }),
    ['screenshareRecordingDisabled'],
  );
});

test('the feature: connections, devices, and the end', async () => {
  const fake = browser(new FakeMediaDevices([CAMERA]));
  const conference = new FakeConference();
  const feature = new Diagnostics(contextOf(conference));
  const network: unknown[] = [];
  const media: unknown[] = [];
  feature.network.on('diagnosticChanged', ({ diagnostic, value }) => network.push([diagnostic, value]));
  feature.media.on('diagnosticChanged', ({ diagnostic, value }) => media.push([diagnostic, value]));
  const step = (state: string, reconnecting: boolean) => {
    Object.assign(conference, { mediaState: state, reconnecting });
    conference.change('connection');
  };
  conference.connect();
  step('failed', false);
  step('connected', false);
  step('disconnected', false);
  step('disconnected', true);
  step('connected', false);
  assert.deepEqual(network, [
    ['networkRelaysNotReachable', true],
    ['networkRelaysNotReachable', false],
    ['networkReconnect', Poor],
    ['networkReconnect', Bad],
    ['networkReconnect', Good],
  ]);
  fake.refuse.video = 'NotAllowedError';
  await assert.rejects(open('camera', 'cam1'));
  fake.refuse = {};
  const lease = await open('camera', 'cam1');
  lease.release();
  assert.deepEqual(media, [
    ['cameraPermissionDenied', true],
    ['cameraPermissionDenied', false],
  ]);
  conference.state = 'ended';
  conference.change('state');
  step('failed', true);
  assert.equal(network.length, 5, 'nothing is told after the end');
  assert.equal(feature.network.getLatest().networkReconnect?.value, Good);
  feature.dispose();
});

test('a microphone that the system mutes', () => {
  browser(new FakeMediaDevices([]));
  const microphone = Object.assign(new EventTarget(), { muted: false, clone: () => microphone, stop() {} });
  const local = Object.assign(new EventTarget(), { microphone, camera: null, screen: null, muted: false });
  const feature = new Diagnostics(contextOf(new FakeConference(), { local }));
  microphone.muted = true;
  microphone.dispatchEvent(new Event('mute'));
  assert.equal(feature.media.getLatest().microphoneMuteUnexpectedly?.value, true);
  microphone.muted = false;
  microphone.dispatchEvent(new Event('unmute'));
  assert.equal(feature.media.getLatest().microphoneMuteUnexpectedly?.value, false);
  feature.dispose();
});
