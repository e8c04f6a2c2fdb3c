/** @azure/communication-rooms in Node: every operation, and how it is refused. */

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { AzureKeyCredential } from '@azure/core-auth';

import { startService } from '../lib/service.mjs';
import { tests } from './lib/results.mjs';
import { all, pages, refused, Sdk } from './lib/sdk.mjs';

const test = tests(import.meta.url);
const DAY = 86_400_000;
let service;
let sdk;

before(async () => {
  service = await startService();
  sdk = new Sdk(service.dev);
});
after(() => service?.stop());

const roles = (participants) => participants.map(({ id, role }) => [id.communicationUserId, role]);

test('create with nothing', async () => {
  const room = await sdk.rooms().createRoom();
  assert.match(room.id, /^99\d{14,16}$/);
  assert.ok(Math.abs(room.createdOn - Date.now()) < 60_000);
  assert.ok(Math.abs(room.validFrom - Date.now()) < 60_000);
  assert.ok(Math.abs(room.validUntil - Date.now() - 180 * DAY) < 60_000);
  assert.equal(room.pstnDialOutEnabled, false);
});

test('create, get, update and delete', async () => {
  const rooms = sdk.rooms();
  const validFrom = new Date(Date.now() + DAY);
  const validUntil = new Date(Date.now() + 3 * DAY);
  const room = await rooms.createRoom({ validFrom, validUntil, pstnDialOutEnabled: true });
  for (const seen of [room, await rooms.getRoom(room.id)]) {
    assert.deepEqual([+seen.validFrom, +seen.validUntil, seen.pstnDialOutEnabled], [+validFrom, +validUntil, true]);
  }
  const changed = await rooms.updateRoom(room.id, { validUntil: new Date(+validUntil + DAY) });
  assert.deepEqual([+changed.validFrom, +changed.validUntil, changed.pstnDialOutEnabled], [+validFrom, +validUntil + DAY, true]);
  await rooms.deleteRoom(room.id);
  const message = 'The server cannot find the requested resource.';
  await refused(404, 'NotFound', () => rooms.getRoom(room.id), { message });
  await refused(404, 'NotFound', () => rooms.updateRoom(room.id, { validUntil }), { message });
  await refused(404, 'NotFound', () => rooms.deleteRoom(room.id), { message });
});

test('participants', async () => {
  const rooms = sdk.rooms();
  const [ann, ben, cleo] = await Promise.all([1, 2, 3].map(() => sdk.identity().createUser()));
  const room = await rooms.createRoom({ participants: [{ id: ann, role: 'Presenter' }, { id: ben }] });
  assert.deepEqual(roles(await all(rooms.listParticipants(room.id))).sort(), [
    [ann.communicationUserId, 'Presenter'],
    [ben.communicationUserId, 'Attendee'],
  ].sort());
  for (const role of ['Presenter', 'Attendee', 'Consumer', 'Collaborator']) {
    await rooms.addOrUpdateParticipants(room.id, [{ id: cleo, role }]);
    assert.deepEqual(roles(await all(rooms.listParticipants(room.id))).at(-1), [cleo.communicationUserId, role]);
  }
  await rooms.addOrUpdateParticipants(room.id, [{ id: ann }]);
  assert.deepEqual(new Map(roles(await all(rooms.listParticipants(room.id)))).get(ann.communicationUserId), 'Attendee');
  await rooms.removeParticipants(room.id, [ann, cleo]);
  await rooms.removeParticipants(room.id, [ann]);
  assert.deepEqual(roles(await all(rooms.listParticipants(room.id))), [[ben.communicationUserId, 'Attendee']]);
});

test('what makes no sense', async () => {
  const rooms = sdk.rooms();
  const now = Date.now();
  for (const times of [
    { validUntil: new Date(now - DAY) },
    { validFrom: new Date(now + 2 * DAY), validUntil: new Date(now + DAY) },
    { validUntil: new Date(now + 181 * DAY) },
    { validFrom: new Date(now + 200 * DAY) },
  ]) {
    const error = await refused(400, 'BadRequest', () => rooms.createRoom(times));
    assert.deepEqual([error.details[0].code, error.details[0].target], ['BadArgument', 'ValidUntil']);
  }
  for (const id of ['invalid_id', '123']) {
    const message = 'Invalid room ID length.';
    await refused(400, 'BadRequest', () => rooms.getRoom(id), { message });
    await refused(400, 'BadRequest', () => rooms.updateRoom(id, {}), { message });
    await refused(400, 'BadRequest', () => rooms.deleteRoom(id), { message });
    await refused(400, 'BadRequest', () => all(rooms.listParticipants(id)), { message });
    await refused(400, 'BadRequest', () => rooms.removeParticipants(id, []), { message });
  }
  const wrong = { communicationUserId: 'wrong_mri' };
  await refused(400, 'BadRequest', () => rooms.createRoom({ participants: [{ id: wrong }] }), {
    message: 'Invalid format for communication identifier.',
  });
  const room = await rooms.createRoom();
  const message = 'Invalid value for the Participants.';
  await refused(400, 'BadRequest', () => rooms.addOrUpdateParticipants(room.id, [{ id: wrong }]), { message });
  await refused(400, 'BadRequest', () => rooms.removeParticipants(room.id, [wrong]), { message });
  await refused(401, 'Denied', () => sdk.rooms([sdk.endpoint, new AzureKeyCredential('eHh4eA==')]).createRoom());
});

test('paging', async () => {
  const rooms = sdk.rooms();
  const made = [];
  for (let number = 0; number < 120; number += 1) made.push((await rooms.createRoom()).id);
  const found = await pages(rooms.listRooms());
  assert.ok(found.length > 1);
  assert.deepEqual(found.flat().map(({ id }) => id).slice(0, made.length), made.toReversed());
  const users = await Promise.all(made.map(() => sdk.identity().createUser()));
  const room = await rooms.createRoom({ participants: users.map((id) => ({ id })) });
  const members = await pages(rooms.listParticipants(room.id));
  assert.ok(members.length > 1);
  assert.deepEqual(roles(members.flat()).map(([id]) => id), users.map((user) => user.communicationUserId));
});

test('every released version', async () => {
  for (const apiVersion of ['2023-06-14', '2024-04-15', '2025-03-13']) {
    assert.ok((await sdk.rooms(undefined, { apiVersion }).createRoom()).id);
  }
});
