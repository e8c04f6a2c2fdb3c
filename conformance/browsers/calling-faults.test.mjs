/** What goes wrong around a call of the calling package in an app of its own origin, and how it goes on. */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { anotherToken, backEnd, user } from './lib/back_end.mjs';
import { openBrowser } from './lib/browser.mjs';
import { AppUser, serveApp } from './lib/calling-app.mjs';
import { unpluggable } from './lib/devices.mjs';
import { organizer } from './lib/flow.mjs';
import { ONE_MEDIA_PORT, network } from './lib/network.mjs';
import { startService } from '../lib/service.mjs';

/** As long as a lift ride or a tunnel; the service keeps a session for 30 s. */
const CUT_MS = 20_000;
/** The shortest and the longest that a token may hold. */
const [SHORT_MINUTES, LONG_MINUTES] = [60, 1_440];
/** What is left of the short one for the app when it begins, in milliseconds. */
const LEFT_MS = 40_000;

let service;
let app;
const open = [];

before(async () => {
  service = await startService(ONE_MEDIA_PORT);
  app = await serveApp();
});

after(async () => {
  await app?.close();
  await service?.stop();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((browser) => browser.close()));
});

async function start(options) {
  // Tokens say where the service is: at its https address.
  const browser = await openBrowser('chromium', { trusting: true, ...options });
  open.push(browser);
  return browser;
}

/** Alice in the call, and the app's user whom she has let in. */
async function twoPeople(name, { at = service, browser, from, ...options } = {}) {
  browser ??= await start();
  const alice = await organizer(browser, at);
  const dana = await AppUser.join(from ?? browser, at, app.origin, name, options);
  await dana.reaches('InLobby');
  await alice.admits(name);
  await dana.reaches('Connected');
  await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
  await Promise.all([alice.hears(), dana.hears()]);
  return { alice, dana };
}

const participant = () => window.app.call._conference.participantId;

test('a network that is gone for 20 seconds: the same call, with sound and pictures again', async () => {
  const line = await network(service, service.dev.endpoint);
  try {
    const from = await start({ arguments: line.chromium });
    const { alice, dana } = await twoPeople('Travelling app', { from, prepare: line.prepare });
    const through = line.carried();
    await dana.hears();
    assert.ok(line.carried() > through, 'media takes the way that is going to be cut');
    const before = await dana.does(participant);

    line.cut();
    const cutAt = Date.now();
    await dana.until('notices', () => window.app.agent.connectionState === 'Reconnecting');
    await alice.seesInRoster('Travelling app', 'reconnecting');
    const muted = dana.does(() => window.app.call.mute());
    await pause(CUT_MS - (Date.now() - cutAt));
    line.mend();

    await dana.until('is back', () => window.app.agent.connectionState === 'Connected');
    await muted;
    await alice.seesMuted('Travelling app', true);
    await dana.does(() => window.app.call.unmute());
    await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
    await Promise.all([alice.hears(), dana.hears()]);
    assert.equal(await dana.does(participant), before, 'it never left');
    assert.equal(await dana.does(() => window.app.call.state), 'Connected');
    assert.ok(!(await dana.log()).some((line) => line.startsWith('Disconnected')));
    await dana.does(() => window.app.call.hangUp());
    await dana.reaches('Disconnected');
  } finally {
    await Promise.all(open.splice(0).map((browser) => browser.close()));
    await line.close();
  }
});

test('a service that is killed and comes back: the same call object, through the lobby again', async () => {
  const own = await startService(ONE_MEDIA_PORT);
  try {
    const { alice, dana } = await twoPeople('Patient app', { at: own });
    const startAgain = await own.crash();
    await dana.until('notices', () => window.app.agent.connectionState === 'Reconnecting');
    await startAgain();
    await alice.until('is back', () => window.anteroom.call.state === 'connected' && !window.anteroom.call.reconnecting);
    await dana.until('is back', () => window.app.agent.connectionState === 'Connected');
    await dana.reaches('InLobby');
    await alice.admits('Patient app');
    await dana.reaches('Connected');
    await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
    await Promise.all([alice.hears(), dana.hears()]);
    const log = await dana.log();
    assert.equal(log.filter((line) => line.startsWith('calls')).length, 1, `one call all the time: ${log}`);
    assert.ok(!log.some((line) => line.startsWith('Disconnected')), `${log}`);
    await dana.does(() => window.app.call.hangUp());
  } finally {
    await Promise.all(open.splice(0).map((browser) => browser.close()));
    await own.stop();
  }
});

test('a token that expires in the middle of a call is renewed through the credential, and the call goes on', async () => {
  // The clock is the whole service's.
  const own = await startService('# Its own clock.\n');
  try {
    const browser = await start();
    const { id } = await user(own);
    const renewals = [];
    const { alice, dana } = await twoPeople('Short token', {
      at: own,
      browser,
      token: await anotherToken(own, id, SHORT_MINUTES),
      renews: async () => {
        renewals.push(await anotherToken(own, id, LONG_MINUTES));
        return renewals.at(-1);
      },
      // The app's clock is so far ahead that its token is about to expire.
      prepare: (page) => page.evaluateOnNewDocument((ahead) => {
        const { now } = Date;
        Date.now = () => now() + ahead;
        const { send } = WebSocket.prototype;
        WebSocket.prototype.send = function (message) {
          if (String(message).includes('"refreshToken"')) window.refreshed = true;
          return send.call(this, message);
        };
      }, SHORT_MINUTES * 60_000 - LEFT_MS),
    });
    await dana.until('passes the fresh token on', () => window.refreshed);
    assert.equal(renewals.length, 1);
    // What follows it has been heard, and so has the token.
    await dana.does(() => window.app.call.mute());
    await alice.seesMuted('Short token', true);
    // For the service, the first token is over now. So is Alice's, who signs in again.
    await backEnd(own, 'POST', '/emulator/clock/:step', { seconds: (SHORT_MINUTES + 5) * 60 });
    assert.equal((await alice.endReason()).key, 'unauthenticated');
    await dana.does(() => window.app.call.unmute());
    const again = await organizer(browser, own);
    await again.seesMuted('Short token', false);
    await Promise.all([again.hears(), again.seesMoving('camera')]);
    assert.equal(await dana.does(() => window.app.call.state), 'Connected');
  } finally {
    await Promise.all(open.splice(0).map((browser) => browser.close()));
    await own.stop();
  }
});

test('a token that nobody renews ends the call, by its codes', async () => {
  const own = await startService('# Its own clock.\n');
  try {
    const { dana } = await twoPeople('Short token', { at: own });
    await backEnd(own, 'POST', '/emulator/clock/:step', { seconds: 25 * 3600 });
    await dana.reaches('Disconnected');
    assert.equal(await dana.does(() => window.app.call.callEndReason.code), 401);
  } finally {
    await Promise.all(open.splice(0).map((browser) => browser.close()));
    await own.stop();
  }
});

test('camera and microphone are unplugged in the middle of a call, and plugged in again', async () => {
  const { alice, dana } = await twoPeople('Loose cable', { prepare: unpluggable });
  await dana.does(() => {
    window.app.diagnosed = [];
    const { call, sdk } = window.app;
    const { media } = call.feature(sdk.Features.UserFacingDiagnostics);
    media.on('diagnosticChanged', ({ diagnostic, value }) => window.app.diagnosed.push(`${diagnostic} ${value}`));
  });
  await dana.does(() => window.unplug('video'));
  await alice.missesVideo('camera');
  await alice.hears();
  await dana.until('sends no picture', () => window.app.call.localVideoStreams.length === 0);
  await dana.does(() => window.unplug('audio'));
  await dana.until('sends no sound', () => window.anteroom.pc.getSenders().every(({ track }) => track?.kind !== 'audio'));
  await dana.seesMoving('camera');
  await dana.does(() => ['audio', 'video'].forEach((kind) => window.plug(kind)));
  await dana.does(async () => {
    const { call, client, sdk } = window.app;
    const devices = await client.getDeviceManager();
    const [camera] = await devices.getCameras();
    const [microphone] = await devices.getMicrophones();
    await call.startVideo(new sdk.LocalVideoStream(camera));
    await call.startAudio(new sdk.LocalAudioStream(microphone));
  });
  await Promise.all([alice.seesMoving('camera'), alice.hears()]);
  assert.ok(await dana.does(() => window.app.diagnosed.length > 0), 'what happened to the devices is diagnosed');
  dana.hasNoProblems();
});
