import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createDebugInfo, environmentOf } from '../src/features/debug-info.js';
import { Features, createFeature } from '../src/features/index.js';
import type { BreakoutRooms, CaptionsFeature, Transfers } from '../src/features/inert.js';
import type { Recording, Transcription } from '../src/features/recording.js';
import type { TeamsMeetingAudioConferencingCallFeature } from '../src/types/index.js';
import { FakeConference, FakeMediaDevices, browser, contextOf } from './surface-fakes.js';

const make = <T>(name: string, conference = new FakeConference()) => createFeature(name, contextOf(conference)) as T;

test('there are 23 entries, none of which throws when it is asked for', () => {
  browser(new FakeMediaDevices([]));
  assert.equal(Object.keys(Features).length, 23);
  for (const { name, of } of Object.values(Features)) {
    if (of !== 'call') continue;
    const feature = make<{ name: string; on: unknown; off: unknown; dispose(): void }>(name);
    assert.equal(feature.name, name);
    assert.equal(typeof feature.on, 'function');
    feature.dispose();
  }
  for (const name of ['Later', 'constructor', '__proto__']) {
    const feature = make<{ on(event: string, listener: () => void): void }>(name);
    feature.on('anything', () => {});
  }
});

test('what there is none of says so', async () => {
  const { captions } = make<CaptionsFeature>('Captions');
  assert.deepEqual([captions.kind, captions.isCaptionsFeatureActive, captions.supportedSpokenLanguages], ['Captions', false, []]);
  await assert.rejects(captions.startCaptions(), { code: 405 });
  await captions.stopCaptions();
  const rooms = make<BreakoutRooms>('BreakoutRooms');
  assert.deepEqual([rooms.breakoutRooms, rooms.assignedBreakoutRooms], [[], undefined]);
  const transfer = make<Transfers>('Transfer').transfer();
  const state = await new Promise((resolve) => transfer.on('stateChanged', () => resolve(transfer.state)));
  assert.equal(state, 'Failed');
});

test('dial-in: no numbers in a call, an error before', async () => {
  const conference = new FakeConference();
  const feature = make<TeamsMeetingAudioConferencingCallFeature>('TeamsMeetingAudioConferencing', conference);
  await assert.rejects(feature.getTeamsMeetingAudioConferencingDetails(), { code: 403, subCode: 45952 });
  conference.state = 'lobby';
  await assert.rejects(feature.getTeamsMeetingAudioConferencingDetails(), { code: 403, subCode: 45953 });
  conference.connect();
  assert.deepEqual((await feature.getTeamsMeetingAudioConferencingDetails()).phoneNumbers, []);
});

test('recording, transcription and the consent to both', async () => {
  const conference = new FakeConference();
  conference.connect();
  const recording = make<Recording>('Recording', conference);
  const transcription = make<Transcription>('Transcription', conference);
  const told: string[] = [];
  recording.on('isRecordingActiveChanged', () => told.push(`recording ${recording.isRecordingActive}`));
  recording.on('isTeamsConsentRequiredChanged', () => told.push(`consent ${recording.isTeamsConsentRequired}`));
  transcription.on('isTranscriptionActiveChanged', () => told.push(`transcription ${transcription.isTranscriptionActive}`));
  conference.meet({ recording: true, consentRequired: true });
  await recording.grantTeamsConsent();
  conference.meet({ recording: false, transcription: true });
  assert.deepEqual(told, ['recording true', 'consent true', 'consent false', 'recording false', 'transcription true']);
  assert.equal(transcription.isTeamsConsentRequired, false, 'one consent for both');
  conference.state = 'ended';
  await assert.rejects(recording.grantTeamsConsent(), { code: 412 });
});

test('debug information survives being copied member by member', async () => {
  const copy = { ...createDebugInfo(() => ['one', 'two']) };
  copy.on('isCallClientActiveInAnotherTabChanged', () => {});
  assert.equal(copy.lastCallId, 'two');
  const { environment } = await copy.getEnvironmentInfo();
  assert.equal(typeof environment.browser, 'string');
});

test('browsers and platforms', () => {
  const of = (agent: string, touch = 0) => {
    const { platform, browser: name, browserVersion } = environmentOf(agent, touch);
    return `${platform} ${name} ${browserVersion}`;
  };
  const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15';
  assert.equal(of(mac), 'mac safari 17.4');
  assert.equal(of(mac, 5), 'ios safari 17.4');
  const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
  assert.equal(of(windows), 'windows chrome 126.0.0.0');
  assert.equal(of(`${windows} Edg/126.0.1.0`), 'windows edge 126.0.1.0');
  assert.equal(of('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'), 'linux firefox 128.0');
  assert.equal(of(''), 'unknown unknown ');
});
