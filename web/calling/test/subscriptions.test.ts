import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CAMERA, MICROPHONE, SCREEN } from '../src/session/media.js';
import type { Source } from '../src/session/messages.js';
import type { RemoteTrack } from '../src/session/roster.js';
import { LINGER_MS, Subscriptions } from '../src/session/subscriptions.js';

const track = (participantId: string, source: Source): RemoteTrack => ({
  id: `${participantId}-${source === SCREEN ? 'screen' : source === CAMERA ? 'camera' : 'voice'}`,
  participantId,
  kind: source === MICROPHONE ? 'audio' : 'video',
  source,
  media: null,
});
const people = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`);
const cameras = (count: number) => people(count).map((id) => track(id, CAMERA));
const voices = (count: number) => people(count).map((id) => track(id, MICROPHONE));
const shown = (id: string, more = {}) => ({ trackId: id, width: 320, height: 180, ...more });

function chosen(subscriptions: Subscriptions, tracks: RemoteTrack[], now = 0): string[] {
  return subscriptions.choose(tracks, now).tracks.map(({ id }) => id);
}

test('before anybody says what is shown, a few cameras are received, of many none, and screens always', () => {
  const subscriptions = new Subscriptions(() => false);
  assert.equal(chosen(subscriptions, cameras(9)).length, 9);
  assert.deepEqual(chosen(subscriptions, [...cameras(10), track('p0', SCREEN)]), ['p0-screen']);
  const onDemand = new Subscriptions(() => false, { eager: false });
  assert.deepEqual(chosen(onDemand, [...cameras(2), track('p0', SCREEN)]), []);
});

test('what is shown is received, at most so many, screens and what stands out first', () => {
  const subscriptions = new Subscriptions(() => false);
  subscriptions.limits = { video: 3, audio: 32 };
  const tracks = [...cameras(10), track('p9', SCREEN)];
  const views = tracks.map(({ id }, at) => shown(id, { width: 100 + at, pinned: id === 'p4-camera' }));
  subscriptions.setViews([...views, { trackId: 'p8-camera', hidden: true }], 0);
  assert.deepEqual(chosen(subscriptions, tracks), ['p9-screen', 'p4-camera', 'p9-camera']);
  assert.deepEqual(subscriptions.views().map(({ trackId }) => trackId), ['p9-screen', 'p4-camera', 'p9-camera']);
});

test('what is shown no more lingers, unless the place is needed', () => {
  const subscriptions = new Subscriptions(() => false);
  const tracks = cameras(3);
  subscriptions.setViews([shown('p0-camera'), shown('p1-camera')], 0);
  chosen(subscriptions, tracks);
  subscriptions.setViews([shown('p1-camera')], 1_000);
  const { tracks: kept, again } = subscriptions.choose(tracks, 1_000);
  assert.deepEqual(kept.map(({ id }) => id), ['p1-camera', 'p0-camera']);
  assert.equal(again, 1_000 + LINGER_MS);
  assert.deepEqual(subscriptions.views(), [shown('p1-camera'), { trackId: 'p0-camera', hidden: true }]);

  // Shown again in time: nothing has happened.
  subscriptions.setViews([shown('p0-camera'), shown('p1-camera')], 2_000);
  assert.equal(subscriptions.choose(tracks, 2_000).again, null);
  subscriptions.setViews([shown('p1-camera')], 3_000);
  assert.deepEqual(chosen(subscriptions, tracks, 3_000 + LINGER_MS), ['p1-camera']);

  subscriptions.limits = { video: 1, audio: 32 };
  subscriptions.setViews([shown('p2-camera')], 10_000);
  assert.deepEqual(chosen(subscriptions, tracks, 10_000), ['p2-camera']);
});

test('in a small meeting everybody is received, muted or not; in a large one who is not muted', () => {
  const muted = new Set(['p0', 'p3']);
  const subscriptions = new Subscriptions((id) => muted.has(id));
  assert.equal(chosen(subscriptions, voices(16)).length, 16);
  assert.equal(chosen(subscriptions, voices(17)).length, 15);
});

test('of many voices those are kept that spoke or unmuted last, and who begins to speak comes in at once', () => {
  const muted = new Set<string>();
  const subscriptions = new Subscriptions((id) => muted.has(id));
  subscriptions.limits = { video: 24, audio: 4 };
  const tracks = voices(350);
  subscriptions.setSpeaking(new Set(['p10', 'p20']));
  subscriptions.setSpeaking(new Set(['p30']));
  subscriptions.unmuted('p40');
  assert.deepEqual(chosen(subscriptions, tracks), ['p30-voice', 'p40-voice', 'p10-voice', 'p20-voice']);
  // The news of unmuting may come later.
  muted.add('p349');
  subscriptions.setSpeaking(new Set(['p349']));
  assert.deepEqual(chosen(subscriptions, tracks), ['p349-voice', 'p40-voice', 'p30-voice', 'p10-voice']);
  // Silence changes nothing for those who are received.
  subscriptions.setSpeaking(new Set());
  muted.delete('p349');
  assert.deepEqual(chosen(subscriptions, tracks), ['p349-voice', 'p40-voice', 'p30-voice', 'p10-voice']);
});

test('on hold nothing is received', () => {
  const subscriptions = new Subscriptions(() => false);
  subscriptions.paused = true;
  assert.deepEqual(chosen(subscriptions, [...cameras(2), ...voices(2)]), []);
});
