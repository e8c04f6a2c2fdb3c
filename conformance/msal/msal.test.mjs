/** @azure/msal-node and @azure/identity: every way to a token, and how refusals look to a program. */

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { AuthorizationCodeCredential, ClientSecretCredential, DeviceCodeCredential } from '@azure/identity';
import { ConfidentialClientApplication, CryptoProvider, PublicClientApplication } from '@azure/msal-node';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';

import { startService } from '../lib/service.mjs';
import { Network, observe, recorded as test, trust } from './lib/network.mjs';
import { signIn, signInForDevice } from './lib/people.mjs';

const GRAPH = 'https://graph.microsoft.com/.default';
const ACS = 'https://communication.azure.com//.default';
const REDIRECT = 'http://localhost:53211';
let service;
let dev;
let alice;

before(async () => {
  service = await startService();
  dev = service.dev;
  alice = dev.users[0];
  trust(dev.ca_file);
});
after(() => service?.stop());

function application(Kind, auth, network = new Network()) {
  const options = { authority: dev.authority, knownAuthorities: [new URL(dev.authority).host] };
  return new Kind({ auth: { ...options, ...auth }, system: { networkClient: network } });
}

const publicApp = (network) => application(PublicClientApplication, { clientId: dev.public_app.client_id }, network);

const confidentialApp = (network, clientSecret = dev.app.client_secret) =>
  application(ConfidentialClientApplication, { clientId: dev.app.client_id, clientSecret }, network);

/** What somebody signs in for, and what comes back. */
async function person(app, scopes = ['User.Read']) {
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const nonce = 'n-0S6_WzA2Mj';
  const request = { scopes, redirectUri: REDIRECT };
  const url = await app.getAuthCodeUrl({ ...request, nonce, state: 's', codeChallenge: challenge, codeChallengeMethod: 'S256' });
  const back = await signIn(url, alice);
  const code = back.get('code');
  const redeem = (by = app, change = {}) => by.acquireTokenByCode({ ...request, code, nonce, codeVerifier: verifier, ...change });
  return { back, redeem };
}

const refused = (errorCode, action) => assert.rejects(action, (error) => (assert.equal(error.errorCode, errorCode, error.message), true));

test('an application gets tokens and keeps them', async () => {
  const network = new Network();
  const app = confidentialApp(network);
  const { accessToken } = await app.acquireTokenByClientCredential({ scopes: [GRAPH] });
  const said = decodeJwt(accessToken);
  assert.equal(said.aud, 'https://graph.microsoft.com');
  assert.ok(said.roles.includes('OnlineMeetings.ReadWrite.All'));
  const asked = network.asked;
  const again = await app.acquireTokenByClientCredential({ scopes: [GRAPH] });
  assert.equal(again.fromCache, true);
  assert.equal(again.accessToken, accessToken);
  assert.equal(network.asked, asked);
  const acs = await app.acquireTokenByClientCredential({ scopes: [ACS] });
  assert.equal(decodeJwt(acs.accessToken).aud, 'https://communication.azure.com/');
});

test('an application is refused', async () => {
  await refused('invalid_client', () => confidentialApp(new Network(), 'wrong').acquireTokenByClientCredential({ scopes: [GRAPH] }));
  const scopes = ['https://evil.example/.default'];
  await refused('invalid_scope', () => confidentialApp().acquireTokenByClientCredential({ scopes }));
});

test('a user by password, then silently, then anew', async () => {
  const network = new Network();
  const app = publicApp(network);
  const { upn: username, password } = alice;
  const answer = await app.acquireTokenByUsernamePassword({ scopes: ['User.Read'], username, password });
  assert.equal(decodeJwt(answer.accessToken).oid, alice.object_id);
  assert.equal(answer.account.username, username);
  assert.equal(answer.account.homeAccountId, `${alice.object_id}.${dev.tenant_id}`);
  const asked = network.asked;
  const silent = await app.acquireTokenSilent({ scopes: ['User.Read'], account: answer.account });
  assert.equal(silent.accessToken, answer.accessToken);
  assert.equal(network.asked, asked);
  const fresh = await app.acquireTokenSilent({ scopes: ['User.Read'], account: answer.account, forceRefresh: true });
  assert.notEqual(fresh.accessToken, answer.accessToken);
  assert.equal(network.asked, asked + 1);
  await refused('invalid_grant', () => app.acquireTokenByUsernamePassword({ scopes: ['User.Read'], username, password: 'wrong' }));
});

test('a person signs in on the page', async () => {
  for (const make of [publicApp, confidentialApp]) {
    const app = make(new Network());
    const { back, redeem } = await person(app);
    assert.equal(back.get('state'), 's');
    const answer = await redeem();
    assert.equal(decodeJwt(answer.accessToken).oid, alice.object_id);
    assert.equal(answer.idTokenClaims.nonce, 'n-0S6_WzA2Mj');
    assert.equal(answer.idTokenClaims.preferred_username, alice.upn);
    const fresh = await app.acquireTokenSilent({ scopes: ['User.Read'], account: answer.account, forceRefresh: true });
    assert.notEqual(fresh.accessToken, answer.accessToken);
  }
});

test('a code is good once, with its verifier and its redirect URI', async () => {
  const app = publicApp();
  const { redeem } = await person(app);
  const { account } = await redeem();
  await refused('invalid_grant', () => redeem());
  await assert.rejects(() => app.acquireTokenSilent({ scopes: ['User.Read'], account, forceRefresh: true }));
  for (const change of [{ codeVerifier: 'x'.repeat(43) }, { redirectUri: 'http://localhost:53212' }]) {
    const other = await person(publicApp());
    await refused('invalid_grant', () => other.redeem(publicApp(), change));
  }
  const { back } = await person(publicApp(), ['Mail.ReadWrite']);
  assert.equal(back.get('error'), 'invalid_scope');
});

test('a device shows a code', async () => {
  const app = publicApp();
  let said;
  const answer = await app.acquireTokenByDeviceCode({
    scopes: ['User.Read'],
    deviceCodeCallback: ({ verificationUri, userCode, message }) => {
      assert.ok(message.includes(userCode));
      said = signInForDevice(verificationUri, userCode, alice);
    },
  });
  assert.match(await said, /You are signed in/);
  assert.equal(decodeJwt(answer.accessToken).oid, alice.object_id);
  const fresh = await app.acquireTokenSilent({ scopes: ['User.Read'], account: answer.account, forceRefresh: true });
  assert.notEqual(fresh.accessToken, answer.accessToken);
});

test('a third party verifies the ID token', async () => {
  const app = publicApp();
  const { redeem } = await person(app);
  const { idToken } = await redeem();
  const discovery = await (await fetch(`${dev.authority}/v2.0/.well-known/openid-configuration`)).json();
  const keys = createLocalJWKSet(await (await fetch(discovery.jwks_uri)).json());
  const expected = { issuer: discovery.issuer, audience: dev.public_app.client_id, algorithms: ['RS256'] };
  const { payload } = await jwtVerify(idToken, keys, expected);
  assert.equal(payload.oid, alice.object_id);
  await assert.rejects(() => jwtVerify(idToken, keys, { ...expected, audience: dev.app.client_id }), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' });
  const [head, , signature] = idToken.split('.');
  const forged = Buffer.from(JSON.stringify({ ...payload, oid: dev.users[1].object_id })).toString('base64url');
  await assert.rejects(() => jwtVerify(`${head}.${forged}.${signature}`, keys, expected), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
});

test('credentials of @azure/identity', async () => {
  const options = {
    authorityHost: dev.endpoint,
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [{ policy: observe, position: 'perRetry' }],
  };
  const { client_id: client, client_secret: secret } = dev.app;
  const credential = new ClientSecretCredential(dev.tenant_id, client, secret, options);
  const { token } = await credential.getToken(GRAPH);
  assert.ok(decodeJwt(token).roles.includes('User.Read.All'));
  const wrong = new ClientSecretCredential(dev.tenant_id, client, 'wrong', options);
  await assert.rejects(() => wrong.getToken(GRAPH), /client is not known, or its secret is wrong/);

  const url = `${dev.authority}/oauth2/v2.0/authorize?client_id=${client}&response_type=code&redirect_uri=${REDIRECT}&scope=User.Read`;
  const code = (await signIn(url, alice)).get('code');
  const byCode = new AuthorizationCodeCredential(dev.tenant_id, client, secret, code, REDIRECT, options);
  assert.equal(decodeJwt((await byCode.getToken('User.Read')).token).oid, alice.object_id);

  const byDevice = new DeviceCodeCredential({
    ...options,
    tenantId: dev.tenant_id,
    clientId: dev.public_app.client_id,
    userPromptCallback: ({ verificationUri, userCode }) => signInForDevice(verificationUri, userCode, alice),
  });
  assert.equal(decodeJwt((await byDevice.getToken('User.Read')).token).oid, alice.object_id);
});
