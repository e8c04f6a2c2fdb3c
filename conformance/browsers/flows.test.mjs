/** What happens in meetings beyond the whole loop: who looks after them, and what goes wrong around them. */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { openBrowser } from './lib/browser.mjs';
import { unpluggable } from './lib/devices.mjs';
import { guest, lookingAfter, organizer } from './lib/flow.mjs';
import { ONE_MEDIA_PORT, network } from './lib/network.mjs';
import { Person } from './lib/person.mjs';
import { startService } from '../lib/service.mjs';

/** As long as a lift ride or a tunnel; the service keeps a session for 30 s. */
const CUT_MS = 20_000;
const LOBBY_SECONDS = 2;

let service;
const open = [];

before(async () => {
  service = await startService(ONE_MEDIA_PORT);
});

after(async () => {
  await service?.stop();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((browser) => browser.close()));
});

async function start(kind, options) {
  const browser = await openBrowser(kind, options);
  open.push(browser);
  return browser;
}

/** Alice in the call, and a guest whom she has let in. */
async function twoPeople(browser, name, { from = browser, prepare } = {}) {
  const alice = await organizer(browser, service);
  const dana = await guest(from, service, name, { prepare });
  await dana.sees('lobby');
  await alice.admits(dana.name);
  await dana.sees('in-call');
  return { alice, dana };
}

for (const kind of ['chromium', 'firefox']) {
  test(`hand, reaction, mute, role, removal, rejection and the end in ${kind}`, async () => {
    const browser = await start(kind);
    await lookingAfter({ guest: browser, teams: browser }, service);
  });
}

test('what is chosen before joining holds in the lobby and in the call', async () => {
  const browser = await start('chromium');
  const alice = await organizer(browser, service);
  const dana = new Person('Quiet guest', await browser.person());
  await dana.open(`${service.origin}/join?link=${encodeURIComponent(service.dev.meeting.join_url)}`);
  await dana.until('sees itself', () => document.querySelector('[data-testid="preview-video"]')?.videoWidth > 0);
  for (const device of ['mic', 'camera']) await dana.click(`preview-${device}`);
  await dana.until('is off', () => window.anteroom.local.muted && window.anteroom.local.camera === null);
  await dana.asksToJoin();
  await dana.sees('lobby');
  await alice.admits(dana.name);
  await dana.sees('in-call');
  await alice.seesMuted(dana.name, true);
  await alice.missesVideo('camera');
  await dana.click('mute');
  await dana.click('camera');
  await alice.seesMuted(dana.name, false);
  await Promise.all([alice.seesMoving('camera'), alice.hears()]);
});

test('pictures arrive in their shape, and larger than a stamp', async () => {
  const browser = await start('chromium');
  const { alice, dana } = await twoPeople(browser, 'Sharp guest');
  for (const person of [alice, dana]) {
    await person.seesMoving('camera');
    await person.until('sees a picture of at least 320 pixels', () => document.querySelector('[data-testid="tile-video"][data-source="camera"]').videoWidth >= 320);
    const shape = await person.page.$eval('[data-testid="tile-video"][data-source="camera"]', (video) => video.videoWidth / video.videoHeight);
    const sent = await person.page.evaluate(() => window.anteroom.local.camera.getSettings().aspectRatio);
    assert.ok(Math.abs(shape - sent) < 0.05, `${shape} of ${sent}`);
  }
  await dana.click('share');
  await alice.seesMoving('screen');
  const screen = await dana.page.evaluate(() => window.anteroom.local.screen.getSettings().width);
  await alice.until('sees the screen as it is', (wide) => document.querySelector('[data-testid="tile-video"][data-source="screen"]').videoWidth >= wide / 2, screen);
});

test('a guest whom nobody lets in is told so, and may ask again', async () => {
  const short = await startService(`[limits]\nlobby_timeout_seconds = ${LOBBY_SECONDS}\n`);
  try {
    const browser = await start('chromium');
    const alice = await organizer(browser, short);
    const dana = await guest(browser, short, 'Patient guest');
    const reason = await dana.endReason();
    assert.equal(reason.key, 'lobby_timeout');
    await alice.until('has an empty lobby', () => window.anteroom.call.waiting.size === 0);
    await dana.click('rejoin');
    await dana.sees('join');
    assert.equal(await dana.page.$eval('[data-testid="name"]', ({ value }) => value), dana.name, 'the name is remembered');
  } finally {
    await short.stop();
  }
});

test('a network that is gone for 20 seconds: the same participant, with sound and pictures again', async () => {
  const line = await network(service);
  try {
    const browser = await start('chromium');
    const traveller = await start('chromium', { arguments: line.chromium });
    const { alice, dana } = await twoPeople(browser, 'Travelling guest', { from: traveller, prepare: line.prepare });
    await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
    const through = line.carried();
    await dana.hears();
    assert.ok(line.carried() > through, 'media takes the way that is going to be cut');
    const participant = await dana.page.evaluate(() => window.anteroom.call.participantId);

    line.cut();
    const cutAt = Date.now();
    await dana.until('notices', () => window.anteroom.call.reconnecting);
    await alice.seesInRoster(dana.name, 'reconnecting');
    await alice.says('said into the tunnel');
    await pause(CUT_MS - (Date.now() - cutAt));
    line.mend();

    await dana.until('is back', () => !window.anteroom.call.reconnecting && window.anteroom.call.state === 'connected');
    await dana.reads('said into the tunnel');
    await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
    await Promise.all([alice.hears(), dana.hears()]);
    assert.equal(await dana.page.evaluate(() => window.anteroom.call.participantId), participant, 'it never left');
    assert.equal(await alice.count('lobby-item'), 0);
    await dana.says('and out again');
    await alice.reads('and out again');
  } finally {
    await Promise.all(open.splice(0).map((browser) => browser.close()));
    await line.close();
  }
});

test('camera and microphone are unplugged in the middle of a call, and plugged in again', async () => {
  const browser = await start('chromium');
  const { alice, dana } = await twoPeople(browser, 'Loose cable', { prepare: unpluggable });
  await Promise.all([alice.seesMoving('camera'), alice.hears()]);
  await dana.page.evaluate(() => window.unplug('video'));
  await alice.missesVideo('camera');
  await alice.hears();
  await dana.page.evaluate(() => window.unplug('audio'));
  await alice.seesMuted(dana.name, true);
  await dana.seesMoving('camera');
  await dana.page.evaluate(() => ['audio', 'video'].forEach((kind) => window.plug(kind)));
  // The page may take them up by itself; the person asks where it does not.
  const back = await dana.page.evaluate(() => ({ speaks: !window.anteroom.local.muted, shows: window.anteroom.local.camera !== null }));
  if (!back.speaks) await dana.click('mute');
  if (!back.shows) await dana.click('camera');
  await alice.seesMuted(dana.name, false);
  await Promise.all([alice.seesMoving('camera'), alice.hears()]);
  dana.hasNoProblems();
});

test('a second tab of the same person is a participant of its own, and leaves the first alone', async () => {
  const browser = await start('chromium');
  const { alice, dana } = await twoPeople(browser, 'Dana Whitfield');
  const page = await alice.page.browserContext().newPage();
  page.setDefaultTimeout(dana.page.getDefaultTimeout());
  page.problems = [];
  const second = new Person('Alice', page);
  await second.open(`${service.origin}/teams`);
  await second.signsInAndJoins(service.dev.users[0]);
  const named = (name) => [...document.querySelectorAll('[data-testid="roster-item"]')].filter((item) => item.textContent.includes(name)).length;
  await dana.until('sees both', `(${named})('Alice') === 2`);
  await second.says('from the second tab');
  await Promise.all([alice.reads('from the second tab'), dana.reads('from the second tab')]);
  await second.click('leave');
  assert.equal((await second.endReason()).key, 'left');
  await dana.until('sees one', `(${named})('Alice') === 1`);
  await dana.seesMoving('camera');
  await dana.hears();
  // A tab behind another one draws nothing, and takes no clicks.
  await alice.page.bringToFront();
  await alice.says('still here');
  await dana.reads('still here');
});
