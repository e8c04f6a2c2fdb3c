/** @azure/communication-identity in Node: every operation, and how it is refused. */

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { AzureKeyCredential } from '@azure/core-auth';

import { startService } from '../lib/service.mjs';
import { tests } from './lib/results.mjs';
import { all, refused, Sdk } from './lib/sdk.mjs';

const test = tests(import.meta.url);
let service;
let sdk;

before(async () => {
  service = await startService();
  sdk = new Sdk(service.dev);
});
after(() => service?.stop());

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64').toString());

test('create a user', async () => {
  const { communicationUserId } = await sdk.identity().createUser();
  const [, resource, user] = /^8:acs:([^_]+)_([^_]+)$/.exec(communicationUserId);
  assert.equal(resource, service.dev.resource_id);
  assert.ok(user);
});

test('create a user and a token', async () => {
  const { user, token, expiresOn } = await sdk.identity().createUserAndToken(['chat', 'voip']);
  const body = claims(token);
  assert.equal(`8:${body.skypeid}`, user.communicationUserId);
  assert.deepEqual(body.acsScope.split(',').sort(), ['chat', 'voip']);
  assert.equal(body.exp - body.iat, 1440 * 60);
  assert.ok(Math.abs(expiresOn.getTime() / 1000 - body.exp) <= 1);
  const short = await sdk.identity().createUserAndToken(['chat'], { tokenExpiresInMinutes: 60 });
  assert.equal(claims(short.token).exp - claims(short.token).iat, 3600);
});

test('each scope, and each lifetime', async () => {
  const identity = sdk.identity();
  const user = await identity.createUser();
  for (const scope of ['chat', 'voip', 'chat.join', 'chat.join.limited', 'voip.join']) {
    assert.equal(claims((await identity.getToken(user, [scope])).token).acsScope, scope);
  }
  for (const minutes of [60, 1440]) {
    const body = claims((await identity.getToken(user, ['chat'], { tokenExpiresInMinutes: minutes })).token);
    assert.equal(body.exp - body.iat, minutes * 60);
  }
  for (const minutes of [0, 59, 1441]) {
    const message = `ExpiresInMinutes value ${minutes} is invalid. Value must be within the [60, 1440] interval.`;
    const options = { tokenExpiresInMinutes: minutes };
    await refused(400, 'ValidationError', () => identity.getToken(user, ['chat'], options), { target: 'ExpiresInMinutes', message });
    await refused(400, 'ValidationError', () => identity.createUserAndToken(['chat'], options), { target: 'ExpiresInMinutes', message });
  }
});

test('scopes that are none', async () => {
  const identity = sdk.identity();
  const user = await identity.createUser();
  await refused(400, 'ValidationError', () => identity.getToken(user, []), { target: 'Scopes' });
  await refused(400, 'ValidationError', () => identity.getToken(user, ['telepathy']), { target: 'Scopes' });
});

test('revoked tokens stop, and new ones work in the same second', async () => {
  const identity = sdk.identity();
  let { user, token } = await identity.createUserAndToken(['chat']);
  for (let round = 0; round < 3; round += 1) {
    assert.deepEqual(await all(sdk.chat(token).listChatThreads()), []);
    await identity.revokeTokens(user);
    await refused(401, 'Unauthorized', () => all(sdk.chat(token).listChatThreads()));
    ({ token } = await identity.getToken(user, ['chat']));
  }
});

test('delete a user', async () => {
  const identity = sdk.identity();
  const { user, token } = await identity.createUserAndToken(['chat']);
  await identity.deleteUser(user);
  await refused(401, 'Unauthorized', () => all(sdk.chat(token).listChatThreads()));
  await refused(404, 'NotFound', () => identity.getToken(user, ['chat']));
  await refused(404, 'NotFound', () => identity.revokeTokens(user));
  await identity.deleteUser(user);
});

test('a wrong key, and the right one by itself', async () => {
  const wrong = new AzureKeyCredential(Buffer.alloc(64, 'x').toString('base64'));
  await refused(401, 'Denied', () => sdk.identity([sdk.endpoint, wrong]).createUser(), {
    message: 'Denied by the resource provider.',
  });
  const right = new AzureKeyCredential(sdk.key);
  assert.ok(await sdk.identity([sdk.endpoint, right]).createUser());
  assert.ok(await sdk.identity([`${sdk.endpoint}/`, right]).createUser());
});

test('every released version', async () => {
  for (const apiVersion of ['2021-03-07', '2022-06-01', '2022-10-01', '2023-10-01']) {
    assert.ok(await sdk.identity(undefined, { apiVersion }).createUser());
  }
});

test("exchange of a Teams user's token", async () => {
  const identity = sdk.identity();
  const [alice] = service.dev.users;
  const teamsUserAadToken = await sdk.signIn(alice);
  const exchange = (more) =>
    identity.getTokenForTeamsUser({
      teamsUserAadToken,
      clientId: service.dev.app.client_id,
      userObjectId: alice.object_id,
      ...more,
    });
  const { token } = await exchange();
  assert.equal(claims(token).skypeid, `orgid:${alice.object_id}`);
  await refused(401, 'InvalidAccessToken', () => exchange({ teamsUserAadToken: 'nonsense' }), {
    message: 'Provided access token is not valid.',
  });
  await refused(400, 'ValidationError', () => exchange({ clientId: 'nonsense' }));
  await refused(400, 'ValidationError', () => exchange({ userObjectId: 'nonsense' }));
});

test('@azure/identity instead of an access key', async () => {
  const identity = sdk.identity([sdk.endpoint, sdk.clientSecret()]);
  const { user, token } = await identity.createUserAndToken(['chat']);
  assert.equal(claims(token).acsScope, 'chat');
  await identity.deleteUser(user);
  const rooms = sdk.rooms([sdk.endpoint, sdk.clientSecret()]);
  const room = await rooms.createRoom();
  await rooms.deleteRoom(room.id);
  await assert.rejects(sdk.identity([sdk.endpoint, sdk.clientSecret('wrong')]).createUser(), /its secret is wrong|invalid_client/);
});

test("exchange of an Entra user's token by @azure/communication-common", async () => {
  const [alice] = service.dev.users;
  const credential = sdk.entra(alice, 'https://communication.azure.com/clients/.default');
  const first = claims((await credential.getToken()).token);
  assert.match(first.skypeid, /^acs:[^_]+_[^_]+$/);
  credential.dispose();
  const again = sdk.entra(alice, 'https://communication.azure.com/clients/.default');
  assert.equal(claims((await again.getToken()).token).skypeid, first.skypeid, 'always the same identity');
  again.dispose();
});

test("exchange of a Teams Phone user's token by @azure/communication-common", async () => {
  const [alice] = service.dev.users;
  const scope = 'https://auth.msft.communication.azure.com/TeamsExtension.ManageCalls';
  const path = `/access/teamsExtension/tenants/${service.dev.tenant_id}/assignments/${alice.object_id}?api-version=2025-06-30`;
  await sdk.signed('PUT', path, { principalType: 'user', clientIds: [service.dev.app.client_id] });
  const credential = sdk.entra(alice, scope);
  const [, tenant, user] = claims((await credential.getToken()).token).skypeid.split('_');
  assert.deepEqual([tenant, user], [service.dev.tenant_id, alice.object_id]);
  credential.dispose();
  await sdk.signed('DELETE', path);
  const refusal = sdk.entra(alice, scope);
  await assert.rejects(refusal.getToken(), /403|Forbidden|not allowed/i);
  refusal.dispose();
});
