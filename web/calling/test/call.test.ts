import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { CallClient } from '../src/client.js';
import { CommunicationError } from '../src/errors.js';
import type { Call, CallAgent, RemoteParticipant } from '../src/types/index.js';
import { FakeConnection, FakeSocket, giveBack, jwt, pass, settle, standIn } from './session-fakes.js';

beforeEach(standIn);
afterEach(giveBack);

const ORIGIN = 'https://meet.test';
const credential = (claims: object = {}) => {
  const token = jwt({ exp: Date.now() / 1_000 + 86_400, skypeid: 'acs:res_me', anteroom: ORIGIN, ...claims });
  return { getToken: async () => ({ token, expiresOnTimestamp: 0 }), dispose: () => {} };
};
const LINK = { meetingLink: 'https://teams.example/l/meetup-join/x' };
const CONNECTED = {
  participantId: 'me',
  role: 'ROLE_ATTENDEE',
  threadId: '19:meeting_x@thread.v2',
  callId: 'call-1',
  capabilities: ['unmuteMic', 'turnVideoOn', 'shareScreen'],
};
const ALICE = { id: 'alice', rawId: '8:orgid:6f0a6d5c-6ba9-4d5a-8a5e-0f2f5c1d2e3f', displayName: 'Alice', role: 'ROLE_ORGANIZER' };
const ME = { id: 'me', rawId: '8:acs:res_me', displayName: 'Dana', role: 'ROLE_ATTENDEE' };
const CAMERA = { id: 't1', participantId: 'alice', kind: 'TRACK_KIND_VIDEO', source: 'TRACK_SOURCE_CAMERA' };

async function join(): Promise<{ agent: CallAgent; call: Call; log: string[] }> {
  const agent = await new CallClient().createCallAgent(credential(), { displayName: 'Dana' });
  const log: string[] = [];
  const call = agent.join(LINK, { audioOptions: { muted: true } });
  assert.equal(call.state, 'None');
  assert.notEqual(call.id, '');
  call.on('stateChanged', () => log.push(call.state));
  call.on('roleChanged', () => log.push(`role ${call.role} in ${call.state}`));
  call.on('remoteParticipantsUpdated', ({ added, removed }) => {
    for (const one of added) watch(one, log);
    for (const one of removed) log.push(`-${one.displayName} ${one.state}`);
  });
  agent.on('callsUpdated', ({ added, removed }) => {
    log.push(`calls +${added.length} -${removed.length}`);
    if (removed.length > 0) assert.equal(removed[0], call);
  });
  await settle();
  await pass(1);
  await FakeSocket.last.welcome();
  return { agent, call, log };
}

function watch(participant: RemoteParticipant, log: string[]): void {
  const name = participant.displayName;
  log.push(`+${name} ${participant.state}`);
  participant.on('stateChanged', () => log.push(`${name} ${participant.state}`));
  participant.on('isMutedChanged', () => log.push(`${name} muted ${participant.isMuted}`));
  participant.on('videoStreamsUpdated', ({ added }) => {
    for (const stream of added) {
      log.push(`${stream.mediaStreamType} ${stream.id} available ${stream.isAvailable}`);
      stream.on('isAvailableChanged', () => log.push(`${stream.mediaStreamType} available ${stream.isAvailable}`));
    }
  });
}

/** Lets the call in, with Alice and her camera. */
async function connect(): Promise<void> {
  FakeSocket.last.answers('join', { seq: '1', connected: CONNECTED });
  FakeSocket.last.says({ seq: '2', roster: { snapshot: true, upserted: [ME, ALICE] } });
  FakeSocket.last.says({ seq: '3', tracks: { snapshot: true, added: [CAMERA] } });
  await settle();
}

test('joining through the lobby: the order of states and events', async () => {
  const { call, log } = await join();
  assert.equal(FakeSocket.last.url, 'wss://meet.test/signaling');
  assert.deepEqual(FakeSocket.last.asked('join')[0]!.join, { ...LINK, displayName: 'Dana' });
  FakeSocket.last.answers('join', { seq: '1', lobby: { reason: 'REASON_WAIT_FOR_ADMIT' } });
  assert.equal(call.remoteParticipants.length, 0);
  const { info } = call;
  FakeSocket.last.says({ seq: '2', connected: CONNECTED });
  assert.equal(call.info, info);
  assert.equal(info.threadId, CONNECTED.threadId);
  assert.equal(await info.getServerCallId(), 'call-1');
  FakeSocket.last.says({ seq: '3', roster: { snapshot: true, upserted: [ME, ALICE] } });
  FakeSocket.last.says({ seq: '4', tracks: { snapshot: true, added: [CAMERA] } });
  assert.deepEqual(log, [
    'calls +1 -0', 'Connecting', 'InLobby', 'role Attendee in InLobby', 'Connected', '+Alice Connecting', 'Alice muted false',
    'Alice Connected', 'Video 1 available false', 'Video available true',
  ]);
  const [alice] = call.remoteParticipants;
  assert.deepEqual(
    { ...alice!.identifier },
    {
      kind: 'microsoftTeamsUser',
      microsoftTeamsUserId: ALICE.rawId.slice('8:orgid:'.length),
      rawId: ALICE.rawId,
      isAnonymous: false,
      cloud: 'public',
    },
  );
  await leave(call);
});

test('the end: its reason is there before the state, the state before the list', async () => {
  const { call, log } = await join();
  await connect();
  log.length = 0;
  let seen: unknown;
  call.on('stateChanged', () => {
    if (call.state === 'Disconnected') seen = call.callEndReason;
  });
  FakeSocket.last.says({ seq: '4', ended: { reason: { subCode: 5300, key: 'removed', message: 'Removed.' } } });
  await settle();
  assert.deepEqual(log, ['Disconnecting', 'Video available false', 'Alice Disconnected', 'Disconnected', 'calls +0 -1']);
  assert.deepEqual(seen, { code: 0, subCode: 5300, message: 'Removed.', resultCategories: [] });
});

test('one object per person, also for who comes back', async () => {
  const { call, log } = await join();
  await connect();
  const [alice] = call.remoteParticipants;
  FakeSocket.last.says({ seq: '4', roster: { left: ['alice'] } });
  assert.deepEqual(log.slice(-2), ['Alice Disconnected', '-Alice Disconnected']);
  FakeSocket.last.says({ seq: '5', roster: { upserted: [{ ...ALICE, id: 'alice-2' }] } });
  assert.equal(call.remoteParticipants[0], alice);
  assert.equal(alice!.state, 'Connected');
  await leave(call);
});

test('who is in the call with two devices is one participant', async () => {
  const { call, log } = await join();
  await connect();
  const [alice] = call.remoteParticipants;
  log.length = 0;
  const said: string[] = [];
  alice!.on('endpointDetailsChanged', () => said.push(`devices ${alice!.endpointDetails.map(({ participantId }) => participantId)}`));
  alice!.on('isMutedChanged', () => said.push(`muted ${alice!.isMuted}`));
  alice!.on('isSpeakingChanged', () => said.push(`speaking ${alice!.isSpeaking}`));
  alice!.on('stateChanged', () => said.push(alice!.state));
  const streams = () => alice!.videoStreams.map(({ id, mediaStreamType, isAvailable }) => [id, mediaStreamType, isAvailable]);
  FakeSocket.last.says({ seq: '4', roster: { upserted: [{ ...ALICE, id: 'alice-2', micMuted: true }] } });
  FakeSocket.last.says({ seq: '5', tracks: { added: [{ ...CAMERA, id: 't2', participantId: 'alice-2' }] } });
  await pass(200);
  assert.deepEqual(call.remoteParticipants, [alice]);
  assert.deepEqual(streams(), [[1, 'Video', true], [3, 'Video', true]]);
  // She is muted once she is on both, and away once both are.
  FakeSocket.last.says({ seq: '6', roster: { upserted: [{ ...ALICE, micMuted: true }] } });
  FakeSocket.last.says({ seq: '7', roster: { upserted: [{ ...ALICE, reconnecting: true }] } });
  FakeSocket.last.says({ seq: '8', speaking: { speakers: [{ participantId: 'alice' }, { participantId: 'alice-2' }] } });
  FakeSocket.last.says({ seq: '9', speaking: { speakers: [{ participantId: 'alice-2' }] } });
  FakeSocket.last.says({ seq: '10', roster: { left: ['alice'] } });
  await settle();
  assert.deepEqual(streams(), [[3, 'Video', true]]);
  assert.deepEqual(said, [
    'devices alice,alice-2', 'muted true', 'muted false', 'speaking true', 'devices alice-2', 'muted true',
  ]);
  const removal = call.removeParticipant(alice!.identifier);
  await settle();
  assert.deepEqual(FakeSocket.last.asked('remove').map(({ remove }) => remove.participantIds), [['alice-2']]);
  FakeSocket.last.answers('remove', { done: {} });
  await removal;
  assert.ok(!log.some((line) => line.startsWith('+') || line.startsWith('-')), 'she was there all the time');
  FakeSocket.last.says({ seq: '11', roster: { left: ['alice-2'] } });
  assert.equal(log.at(-1), '-Alice Disconnected');
  assert.deepEqual(call.remoteParticipants, []);
  await leave(call);
});

test('a picture is received once somebody shows it, and not for ever after', async () => {
  const { call } = await join();
  await connect();
  const stream = call.remoteParticipants[0]!.videoStreams[0] as any;
  const offers = () => FakeSocket.last.asked('offer').flatMap(({ offer }) => offer.sections);
  assert.deepEqual(offers(), []);
  const place = new EventTarget();
  const media = stream._show(place);
  await pass(200);
  assert.deepEqual(offers(), [{ mid: '0', subscribe: 't1' }]);
  assert.ok(FakeSocket.last.asked('offer').every(({ offer }) => offer.confirms));
  const { setRemoteDescription } = FakeConnection.prototype;
  try {
    FakeConnection.prototype.setRemoteDescription = async function () {
      assert.deepEqual(FakeSocket.last.asked('confirmAnswer'), [], 'it is not set yet');
      await setRemoteDescription.call(this);
    };
    FakeSocket.last.answers('offer', { answer: { sdp: 'v=0' } });
    await settle();
  } finally {
    FakeConnection.prototype.setRemoteDescription = setRemoteDescription;
  }
  assert.equal(FakeSocket.last.asked('confirmAnswer').length, 1);
  assert.ok(await media);
  stream._hide(place);
  await pass(400);
  assert.equal(FakeSocket.last.asked('offer').length, 1, 'somebody may page back');
  await pass(6_000);
  await settle();
  assert.equal(FakeSocket.last.asked('offer').length, 2);
  assert.equal(FakeConnection.all[0]!.transceivers[0]!.direction, 'inactive');
  await leave(call);
});

test('muting, being muted, and what may not be done', async () => {
  const { call } = await join();
  await connect();
  let by: RemoteParticipant | undefined;
  call.on('mutedByOthers', ({ participant }) => (by = participant));
  FakeSocket.last.says({ seq: '4', muted: { byParticipantId: 'alice' } });
  assert.equal(by?.displayName, 'Alice');
  assert.equal(call.isMuted, true);
  assert.deepEqual(FakeSocket.last.asked('ack').at(-1)!.ack, { seq: '4' });

  const refused = assert.rejects(call.removeParticipant({ microsoftTeamsUserId: ALICE.rawId.slice(8) }), (error: CommunicationError) => error.code === 403);
  await settle();
  FakeSocket.last.answers('remove', { error: { key: 'not_allowed', message: 'No.' } });
  await refused;
  await assert.rejects(call.removeParticipant({ communicationUserId: '8:acs:nobody' }), (error: CommunicationError) => error.code === 404);
  FakeSocket.last.says({ seq: '5', capabilitiesChanged: { role: 'ROLE_ATTENDEE', capabilities: [] } });
  await assert.rejects(call.unmute(), (error: CommunicationError) => error.code === 403);
  await leave(call);
});

test('methods work by themselves and through a proxy, and a listener that throws keeps nothing from others', async () => {
  const { call, agent } = await join();
  const reported: unknown[] = [];
  Object.assign(globalThis, { reportError: (error: unknown) => reported.push(error) });
  call.on('stateChanged', () => {
    throw new Error('of the app');
  });
  await connect();
  assert.equal(call.state, 'Connected');
  assert.equal(reported.length, 1);
  call.off('stateChanged', () => {});
  const { hold } = new Proxy(call, {});
  await hold();
  assert.equal(call.state, 'LocalHold');
  assert.ok(Object.isExtensible(call));
  await leave(new Proxy(call, {}));
  await agent.dispose();
});

test('agents: tokens are checked, there is one at a time, and the server is where the token says', async () => {
  const client = new CallClient();
  const fails = (code: number) => (error: CommunicationError) => error instanceof CommunicationError && error.code === code;
  await assert.rejects(client.createCallAgent({ getToken: async () => ({ token: 'x', expiresOnTimestamp: 0 }), dispose() {} }), fails(401));
  await assert.rejects(client.createCallAgent(credential({ exp: 1 })), fails(401));
  const agent = await client.createCallAgent(credential({ anteroom: undefined }));
  await assert.rejects(client.createCallAgent(credential()), fails(409));
  assert.throws(() => agent.join(LINK), fails(400), 'a link alone does not say where a token goes');
  assert.throws(() => agent.join({ meetingLink: 7 } as any), fails(400));
  assert.throws(() => agent.startCall([]), fails(405));
  await agent.dispose();
  const next = await client.createCallAgent(credential({ anteroom: 'http://meet.test' }));
  assert.throws(() => next.join(LINK), fails(400), 'https only');
  await client.dispose();
  await assert.rejects(client.createTeamsCallAgent(credential()), fails(405));
  assert.equal(await client.getDeviceManager(), await client.getDeviceManager());
});

async function leave(call: Call): Promise<void> {
  const left = call.hangUp();
  await settle();
  FakeSocket.last.answers('leave', { seq: '99', ended: { reason: { key: 'left' } } });
  await left;
  assert.equal(call.state, 'Disconnected');
}
