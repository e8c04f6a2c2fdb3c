/** The calling package in an app of its own origin, against the Teams side's page. */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { openBrowser } from './lib/browser.mjs';
import { AppUser, serveApp } from './lib/calling-app.mjs';
import { organizer } from './lib/flow.mjs';
import { drawnScreen } from './lib/pictures.mjs';
import { startService } from '../lib/service.mjs';

let service;
let app;
const open = [];

before(async () => {
  service = await startService();
  app = await serveApp();
});

after(async () => {
  await app?.close();
  await service?.stop();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((browser) => browser.close()));
});

/** @param {'chromium'|'firefox'} kind */
async function start(kind, options) {
  // Tokens say where the service is: at its https address.
  const browser = await openBrowser(kind, { trusting: true, ...options });
  open.push(browser);
  return browser;
}

/** @param {{prepare?: (page: import('puppeteer-core').Page) => Promise<void>}} [options] of both pages */
async function wholeLoop(browser, options) {
  const alice = await organizer(browser, service, options);
  const dana = await AppUser.join(browser, service, app.origin, 'Dana', options);
  await dana.reaches('InLobby');
  assert.equal(await dana.does(() => window.app.first), 'None', 'nothing has happened when join returns');
  assert.equal(await dana.does(() => window.app.call.remoteParticipants.length), 0, 'nobody is seen from the lobby');
  assert.deepEqual(
    (await dana.log()).filter((line) => !line.startsWith('local')),
    ['calls +1 -0', 'Connecting', 'InLobby'],
  );

  await alice.admits('Dana');
  await dana.reaches('Connected');
  await alice.seesInRoster('Dana', 'Unverified');
  await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
  await Promise.all([alice.seesChange('camera'), dana.seesChange('camera')]);
  await Promise.all([alice.hears(), dana.hears()]);
  await dana.until('knows the size of the picture', () => window.app.size?.width > 0);
  const log = await dana.log();
  const order = [/^Connected$/, /^thread true role \w/, /^\+Alice.* microsoftTeamsUser Connecting$/, /^Alice.* Connected$/, /^Video true$/];
  const places = order.map((wanted) => log.findIndex((line) => wanted.test(line)));
  assert.ok(places.every((place, at) => place > (places[at - 1] ?? 0)), `${places} of ${JSON.stringify(log)}`);

  await dana.click('share');
  await alice.seesMoving('screen');
  await alice.seesMoving('camera');
  assert.deepEqual(
    await dana.does(() => window.app.call.localVideoStreams.map(({ mediaStreamType }) => mediaStreamType)),
    ['Video', 'ScreenSharing'],
  );
  // The browser's own button.
  await dana.does(() => window.app.call.localVideoStreams[1]._track.dispatchEvent(new Event('ended')));
  await alice.missesVideo('screen');
  assert.equal(await dana.does(() => window.app.call.isScreenSharingOn), false);

  await alice.click('share');
  await dana.seesMoving('screen');
  await dana.seesMoving('camera');
  await alice.click('share');
  await dana.missesVideo('screen');

  await dana.does(() => window.app.call.stopVideo({ source: { id: window.app.camera.source.id } }));
  await alice.missesVideo('camera');
  await dana.does(() => window.app.call.startVideo(window.app.camera));
  await alice.seesMoving('camera');

  await alice.doesWith('Dana', 'mute-participant');
  await dana.until('was muted', () => window.app.call.isMuted);
  assert.match((await dana.log()).join('\n'), /^muted by Alice/m);
  await alice.seesMuted('Dana', true);
  await dana.does(() => window.app.call.unmute());
  await alice.seesMuted('Dana', false);
  await alice.hears();
  await dana.does(() => window.app.call.mute());
  await alice.seesMuted('Dana', true);
  await alice.hearsSilence();
  await dana.does(() => window.app.call.unmute());
  await alice.hears();

  await dana.does(() => window.app.call.hold());
  await alice.missesVideo('camera');
  assert.equal(await dana.does(() => window.app.call.state), 'LocalHold');
  await dana.does(() => window.app.call.resume());
  await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);

  await dana.does(() => window.app.call.hangUp());
  // Pictures end when they do.
  const end = (await dana.log()).filter((line) => !/^(?:Alice|Video|local) /.test(line)).slice(-3);
  assert.deepEqual(end, ['Disconnecting', 'Disconnected 0/0', 'calls +0 -1']);
  assert.ok(await dana.does(() => window.app.removed === window.app.call));
  assert.ok(await dana.does(() => window.app.camera._users.size === 0), 'the camera is off');
  await alice.missesInRoster('Dana');
  dana.hasNoProblems();
  alice.hasNoProblems();
}

test('the whole loop of the calling package', async () => wholeLoop(await start('chromium')));

test('the whole loop of the calling package in Firefox', async () => wholeLoop(await start('firefox'), { prepare: drawnScreen }));

test('who is rejected or removed is told so by codes', async () => {
  const browser = await start('chromium');
  const alice = await organizer(browser, service);
  const rejected = await AppUser.join(browser, service, app.origin, 'Not wanted');
  await rejected.reaches('InLobby');
  await alice.decides('reject', 'Not wanted');
  await rejected.reaches('Disconnected');
  assert.match((await rejected.log()).find((line) => line.startsWith('Disconnected')), /\/5854$/);

  const removed = await AppUser.join(browser, service, app.origin, 'Wanted at first');
  await removed.reaches('InLobby');
  await alice.admits('Wanted at first');
  await removed.reaches('Connected');
  await alice.removes('Wanted at first');
  await removed.reaches('Disconnected');
  assert.match((await removed.log()).find((line) => line.startsWith('Disconnected')), /\/(?:5300|5000|560000)$/);
});
