import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DominantSpeakers, MediaAccesses, RaiseHand, Reactions, Spotlight, rank } from '../src/features/people.js';
import { RequestRefused } from '../src/session/signaling.js';
import { FakeConference, contextOf } from './surface-fakes.js';

const acs = (id: string) => ({ communicationUserId: `8:acs:resource_${id}` });

function connected(...ids: string[]) {
  const conference = new FakeConference();
  conference.connect();
  for (const id of ids) conference.add(id);
  return { conference, context: contextOf(conference) };
}

test('speakers are ranked: who speaks now, the loudest first, then who spoke before', () => {
  const everybody = () => true;
  assert.deepEqual(rank([], ['b', 'a'], everybody), ['b', 'a']);
  assert.deepEqual(rank(['b', 'a'], ['c'], everybody), ['c', 'b', 'a']);
  assert.deepEqual(rank(['b', 'a'], ['a'], everybody), ['a', 'b']);
  assert.deepEqual(rank(['b', 'a'], [], (id) => id !== 'b'), ['a']);
  const many = Array.from({ length: 30 }, (_, index) => `p${index}`);
  assert.equal(rank(many, [], everybody).length, 20);
});

test('dominant speakers leave oneself out and tell only changes', () => {
  const { conference, context } = connected('a', 'b');
  const feature = new DominantSpeakers(context);
  let told = 0;
  feature.on('dominantSpeakersChanged', () => (told += 1));
  conference.speaking = new Set(['me', 'b', 'a']);
  conference.change('speaking');
  conference.change('speaking');
  assert.equal(told, 1);
  const ids = feature.dominantSpeakers.speakersList.map((one) => 'communicationUserId' in one && one.communicationUserId);
  assert.deepEqual(ids, ['8:acs:resource_b', '8:acs:resource_a']);
  conference.participants.delete('b');
  conference.change('roster');
  assert.equal(feature.dominantSpeakers.speakersList.length, 1);
});

test('hands: order, both names of the events, and who has left', () => {
  const { conference, context } = connected('a', 'b');
  const feature = new RaiseHand(context);
  const told: string[] = [];
  for (const event of ['raisedHandEvent', 'raisedHandChanged', 'loweredHandEvent'] as const) {
    feature.on(event, ({ identifier }) => told.push(`${event} ${'rawId' in identifier && identifier.rawId}`));
  }
  conference.meet({ hands: ['b', 'me'] });
  assert.deepEqual(feature.getRaisedHands().map(({ order }) => order), [1, 2]);
  conference.participants.delete('b');
  conference.meet({ hands: ['me'] });
  assert.deepEqual(told, [
    'raisedHandEvent 8:acs:resource_b',
    'raisedHandChanged 8:acs:resource_b',
    'raisedHandEvent 8:acs:resource_me',
    'raisedHandChanged 8:acs:resource_me',
    'loweredHandEvent 8:acs:resource_b',
  ]);
});

test('a hand that came before its owner is told when the owner comes', () => {
  const { conference, context } = connected();
  const feature = new RaiseHand(context);
  let told = 0;
  feature.on('raisedHandEvent', () => (told += 1));
  conference.meet({ hands: ['late'] });
  assert.equal(told, 0);
  conference.add('late');
  conference.change('meeting');
  assert.equal(told, 1);
});

test('reactions go by documented names and come with the raw id', async () => {
  const { conference, context } = connected('a');
  const feature = new Reactions(context);
  const told: object[] = [];
  feature.on('reaction', (event) => told.push(event));
  conference.dispatchEvent(new CustomEvent('reaction', { detail: { participantId: 'a', kind: 'REACTION_KIND_LOVE' } }));
  conference.dispatchEvent(new CustomEvent('reaction', { detail: { participantId: 'a', kind: 'REACTION_KIND_NEW' } }));
  assert.deepEqual(told, [{ identifier: '8:acs:resource_a', reactionMessage: { reactionType: 'heart' } }]);
  await feature.sendReaction({ reactionType: 'like' });
  assert.deepEqual(conference.requests, [['sendReaction', { kind: 'REACTION_KIND_LIKE' }]]);
  await assert.rejects(feature.sendReaction({ reactionType: 'toString' as 'like' }), { code: 400 });
});

test('the spotlight takes seven at most, and tells who moved up', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const { conference, context } = connected(...names);
  const feature = new Spotlight(context);
  conference.meet({ spotlight: names.slice(0, 7) });
  await assert.rejects(feature.startSpotlight([acs('h')]), { code: 400 });
  await feature.startSpotlight([acs('a')]);
  const told: { added: object[]; removed: object[] }[] = [];
  feature.on('spotlightChanged', (change) => told.push(change));
  conference.meet({ spotlight: ['b', 'c'] });
  assert.deepEqual(told.map(({ added, removed }) => [added.length, removed.length]), [[2, 5]]);
  await feature.stopSpotlight();
  assert.deepEqual(conference.requests.at(-1), ['spotlight', { participantIds: ['me'], remove: true }]);
  await feature.stopAllSpotlight();
  assert.deepEqual(conference.requests.at(-1), ['spotlight', { participantIds: [], remove: true }]);
});

test('refusals are errors with numbers', async () => {
  const { conference, context } = connected('a');
  const feature = new MediaAccesses(context);
  conference.refuse = new RequestRefused({ key: 'not_allowed', message: 'No.' });
  await assert.rejects(feature.permitOthersAudio(), { name: 'CommunicationError', message: 'No.', code: 403, subCode: 46502 });
  conference.refuse = new RequestRefused({ key: 'rate_limited' });
  await assert.rejects(feature.permitOthersAudio(), { code: 429 });
  await assert.rejects(feature.forbidAudio([acs('nobody')]), { code: 404 });
  conference.state = 'lobby';
  await assert.rejects(feature.permitOthersAudio(), { code: 412, subCode: 46505 });
});

test('media access of the others, and only attendees can be forbidden', async () => {
  const { conference, context } = connected('a');
  conference.meet({ attendeeMicAllowed: true, attendeeCameraAllowed: true });
  const feature = new MediaAccesses(context);
  let others = 0;
  let meeting = 0;
  feature.on('mediaAccessChanged', () => (others += 1));
  feature.on('meetingMediaAccessChanged', () => (meeting += 1));
  conference.add('a', { micForbidden: true });
  assert.deepEqual(
    feature.getAllOthersMediaAccess().map(({ isAudioPermitted, isVideoPermitted }) => [isAudioPermitted, isVideoPermitted]),
    [[false, true]],
  );
  conference.meet({ attendeeCameraAllowed: false });
  assert.deepEqual([others, meeting], [1, 1]);
  await feature.forbidVideo([acs('a')]);
  assert.deepEqual(conference.requests.at(-1), ['setAttendeeMedia', { participantIds: ['a'], cameraAllowed: false }]);
  conference.add('b', { role: 'ROLE_PRESENTER' });
  await assert.rejects(feature.forbidVideo([acs('b')]), { code: 403, subCode: 46504 });
});
