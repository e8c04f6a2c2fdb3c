/**
 * Microsoft's UI library, unmodified, with `@anteroom/calling` behind the name of the proprietary package
 * (`web/examples/acs-ui-library`), against the service: with Chromium, with Firefox, and driven by Playwright once.
 */

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { openBrowser } from './lib/browser.mjs';
import { unpluggable } from './lib/devices.mjs';
import { startExample } from './lib/example.mjs';
import { organizer } from './lib/flow.mjs';
import { ONE_MEDIA_PORT, network } from './lib/network.mjs';
import { drawnScreen } from './lib/pictures.mjs';
import { Visitor, observed } from './lib/visitor.mjs';
import { WEB, prepare } from './prepare.mjs';
import { startService } from '../lib/service.mjs';

/** Gzip sizes, in bytes, of everything the page loads before the meeting; UI library and React are nearly all of it. */
const PAGE_BUDGET = 800_000;

/** An element of the UI library by the mark it puts on it for tests. */
const ui = (id) => `[data-ui-id="${id}"]`;
const button = (id) => `button${ui(id)}, ${ui(id)} button`;
/** Others' pictures: tiles in the gallery that are not our own. */
const REMOTE = `${ui('video-gallery')} ${ui('video-tile')} video:not(${ui('local-video-tile')} video)`;
const START = ui('call-composite-start-call-button');
/** As long as a lift ride or a tunnel. */
const CUT_MS = 20_000;

let service;
let example;
const open = [];

before(async () => {
  await prepare(['examples/acs-ui-library']);
  service = await startService(ONE_MEDIA_PORT);
  example = await startExample(service);
});

after(async () => {
  await example?.stop();
  await service?.stop();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((browser) => browser.close()));
});

async function start(kind, options) {
  const browser = await openBrowser(kind, { trusting: true, ...options });
  open.push(browser);
  return browser;
}

/** Opens the app and comes as far as the configuration page. */
async function visitor(browser, name, { prepare = async () => {}, ...where } = {}) {
  const page = await browser.person(async (prepared) => {
    await prepared.evaluateOnNewDocument(observed);
    if (browser.kind === 'firefox') await drawnScreen(prepared);
    await prepare(prepared);
  });
  return arrive(page, name, where);
}

async function arrive(page, name, { at = service, app = example } = {}) {
  const { meeting, endpoint } = at.dev;
  const person = new Visitor(name, page, [app.origin, endpoint]);
  await page.goto(`${app.origin}/?${new URLSearchParams({ name, link: meeting.join_url })}`);
  await person.click('.door button');
  await person.sees(START);
  return person;
}

/** From the configuration page into the lobby, with camera and microphone. */
async function asks(person) {
  await person.click(button('call-composite-local-device-settings-camera-button'));
  await person.seesMoving(`${ui('call-composite-local-preview')} video`);
  await person.click(button('call-composite-local-device-settings-microphone-button'));
  await person.click(START);
  await person.sees(ui('lobby-page'));
  await person.reads('Waiting to be admitted');
}

async function isAdmitted(person, alice) {
  await alice.admits(person.name);
  await person.sees(ui('call-page'));
  await alice.seesInRoster(person.name);
}

/** Leaves by the button, and says nothing in the survey. */
async function leaves(person) {
  await person.click(button('call-composite-hangup-button'));
  await person.click('.ms-Dialog-main .ms-Button--primary');
  await person.sees(ui('call-composite-survey'));
  await person.reads('Help us improve');
}

async function wholeMeeting(guest, alice) {
  const vera = guest;
  await asks(vera);
  assert.equal(await vera.page.evaluate((wanted) => document.querySelectorAll(wanted).length, REMOTE), 0, 'no pictures in the lobby');
  await isAdmitted(vera, alice);

  await Promise.all([alice.seesMoving('camera'), vera.seesMoving(REMOTE)]);
  await Promise.all([alice.hears(), vera.hears()]);
  await vera.reads('Alice', `${ui('video-gallery')} ${ui('video-tile-display-name')}`);

  // Muting: oneself, and by the organizer, which the library says in words.
  const microphone = button('call-composite-microphone-button');
  await vera.click(microphone);
  await alice.seesMuted(vera.name, true);
  await alice.hearsSilence();
  await vera.click(microphone);
  await alice.seesMuted(vera.name, false);
  await alice.hears();
  await alice.doesWith(vera.name, 'mute-participant');
  await vera.reads('You were muted by another participant');
  await alice.seesMuted(vera.name, true);
  await vera.click(microphone);
  await alice.seesMuted(vera.name, false);

  // The camera goes off and on without a new call.
  const camera = button('call-composite-camera-button');
  await vera.click(camera);
  await alice.missesVideo('camera');
  await vera.click(camera);
  await alice.seesMoving('camera');

  // Screens, one after the other; the camera stays beside it.
  const share = button('call-composite-screenshare-button');
  await vera.click(share);
  await alice.seesMoving('screen');
  await alice.seesMoving('camera');
  await vera.click(share);
  await alice.missesVideo('screen');
  await alice.click('share');
  await vera.seesMoving(REMOTE, { count: 2 });
  await alice.click('share');
  await vera.seesMoving(REMOTE);

  await vera.click(button('call-composite-raisehand-button'));
  await alice.seesHand(vera.name, 1);
  await alice.doesWith(vera.name, 'lower-hand');
  await alice.seesHand(vera.name, 0);

  const people = button('common-call-composite-people-button');
  await vera.click(people);
  await vera.reads('Alice', ui('participant-item'));
  await vera.reads(vera.name, ui('participant-item'));

  await chat(vera, alice);
  await leaves(vera);
  await alice.missesInRoster(vera.name);
  await alice.missesVideo('camera');
  alice.hasNoProblems();
}

/** What was said since they joined, both ways, pushed through Trouter: who types, what is said, who has read it. */
async function chat(vera, alice) {
  await alice.says('said before the pane was opened');
  await vera.click(button('call-with-chat-composite-chat-button'));
  await vera.reads('said before the pane was opened');
  const box = '[data-ui-id="sendbox-textfield"], [data-ui-id="sendbox-textfield"] textarea';
  await vera.type(box, 'Hello from an <b>unmodified</b> library.');
  await alice.seesTyping(vera.name);
  await vera.click('[aria-label="Send message"]');
  await alice.reads('Hello from an <b>unmodified</b> library.');
  await vera.sees(SEEN);
  await alice.type('chat-input', 'And a push');
  await vera.reads('Alice Meyer is typing');
  await alice.says(' <i>back</i>.', { all: 'And a push <i>back</i>.' });
  await vera.reads('And a push <i>back</i>.');
  await alice.seesReadBy(vera.name);
}

/** The sign beside an own message that somebody has read. */
const SEEN = '[aria-label="Message seen by others"]';

/** One of the library's dependencies looks for the global object so, and does without; Firefox says so though it is caught. */
const TRIES_EVAL = /blocked a JavaScript eval/;

for (const kind of ['chromium', 'firefox']) {
  test(`the UI library from the preview to the survey, ${kind}`, async () => {
    const [mine, theirs] = [await start(kind), await start('chromium')];
    const alice = await organizer(theirs, service);
    const vera = await visitor(mine, 'Vera Whitfield');
    await wholeMeeting(vera, alice);
    vera.isContent({ but: kind === 'firefox' ? TRIES_EVAL : undefined });
    await alice.click('leave');
  });
}

test('the UI library tells a guest who was not let in', async () => {
  const browser = await start('chromium');
  const alice = await organizer(browser, service);
  const vera = await visitor(browser, 'Unwanted visitor');
  await vera.click(START);
  await vera.reads('Waiting to be admitted');
  await alice.decides('reject', vera.name);
  await vera.sees(ui('access-denied-teams-meeting-page'));
  await vera.reads('Dismissed from lobby');
  vera.isContent();
  await alice.click('leave');
});

test('the UI library tells a guest who was removed', async () => {
  const browser = await start('chromium');
  const alice = await organizer(browser, service);
  const vera = await visitor(browser, 'Removed visitor');
  await vera.click(START);
  await vera.reads('Waiting to be admitted');
  await isAdmitted(vera, alice);
  await alice.removes(vera.name);
  await vera.sees(ui('removed-from-call-page'));
  await alice.missesInRoster(vera.name);
  // Its chat asks once more, and is refused: the thread is for who is in the call. So is the picture it was about to show.
  vera.isContent({ but: /status of 403|not allowed to perform|The stream is over/ });
  await alice.click('leave');
});

test('reaction, role, an unplugged camera, a second tab and the end for all with the UI library', async () => {
  const browser = await start('chromium');
  const alice = await organizer(browser, service);
  const vera = await visitor(browser, 'Vera Whitfield', { prepare: unpluggable });
  await asks(vera);
  await isAdmitted(vera, alice);
  await Promise.all([alice.seesMoving('camera'), vera.seesMoving(REMOTE)]);

  await vera.click(button('call-composite-reaction-button'));
  // It shows for three seconds.
  await Promise.all([alice.sees('reaction'), vera.click(`${ui('reaction-sub-menu')} button[aria-label="Like"]`)]);

  const share = button('call-composite-screenshare-button');
  await alice.doesWith(vera.name, 'make-attendee');
  await vera.until('may not share', (wanted) => [...document.querySelectorAll(wanted)].every((one) => one.disabled || one.ariaDisabled === 'true'), share);
  await alice.doesWith(vera.name, 'make-presenter');
  await vera.until('may share', (wanted) => [...document.querySelectorAll(wanted)].some((one) => !one.disabled && one.ariaDisabled !== 'true'), share);

  await vera.page.evaluate(() => window.unplug('video'));
  await alice.missesVideo('camera');
  await vera.page.evaluate(() => window.plug('video'));
  await vera.click(button('call-composite-camera-button'));
  await alice.seesMoving('camera');

  // Another tab is another participant, and leaves the first alone.
  const second = await visitor(browser, 'Vera’s second tab');
  await second.click(START);
  await isAdmitted(second, alice);
  await Promise.all([second.hears(), vera.hears()]);
  await leaves(second);
  await alice.missesInRoster(second.name);
  await vera.seesMoving(REMOTE);

  await alice.click('end-meeting');
  await alice.click('end-meeting-confirm');
  await vera.misses(ui('call-page'));
  await vera.sees(ui('call-composite-survey'));
  second.isContent();
});

test('a network that is gone for 20 seconds with the UI library', async () => {
  const line = await network(service, service.dev.endpoint);
  try {
    const [mine, theirs] = [await start('chromium', { arguments: line.chromium }), await start('chromium')];
    const alice = await organizer(theirs, service);
    const vera = await visitor(mine, 'Travelling visitor', { prepare: line.prepare });
    await asks(vera);
    await isAdmitted(vera, alice);
    await Promise.all([alice.seesMoving('camera'), vera.seesMoving(REMOTE)]);
    line.cut();
    const cutAt = Date.now();
    await alice.seesInRoster(vera.name, 'reconnecting');
    await pause(CUT_MS - (Date.now() - cutAt));
    line.mend();
    await Promise.all([alice.seesMoving('camera'), vera.seesMoving(REMOTE)]);
    await Promise.all([alice.hears(), vera.hears()]);
    await vera.sees(ui('call-page'));
    await leaves(vera);
    await alice.click('leave');
  } finally {
    await Promise.all(open.splice(0).map((browser) => browser.close()));
    await line.close();
  }
});

test('the UI library tells a guest whom nobody lets in', async () => {
  const short = await startService('[limits]\nlobby_timeout_seconds = 2\n');
  const app = await startExample(short);
  try {
    const browser = await start('chromium');
    const alice = await organizer(browser, short);
    const vera = await visitor(browser, 'Patient visitor', { at: short, app });
    await vera.click(START);
    await vera.reads('Waiting to be admitted');
    await vera.misses(ui('lobby-page'));
    await vera.sees(ui('call-composite-survey'));
    vera.isContent();
    await alice.click('leave');
  } finally {
    await Promise.all(open.splice(0).map((browser) => browser.close()));
    await app.stop();
    await short.stop();
  }
});

test('the UI library with Playwright: in, seen, and out', async () => {
  const { chromium } = await import('playwright-core');
  const { CHROMIUM, CHROMIUM_ARGUMENTS } = await import('./lib/browser.mjs');
  const theirs = await start('chromium');
  const alice = await organizer(theirs, service);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });
  open.push(browser);
  const context = await browser.newContext({ ignoreHTTPSErrors: true, permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(`${error}`));
  page.on('console', (message) => message.type() === 'error' && page.problems.push(message.text()));
  await page.addInitScript(observed);
  const vera = await arrive(page, 'Playwright visitor');
  await asks(vera);
  await isAdmitted(vera, alice);
  await Promise.all([alice.seesMoving('camera'), vera.seesMoving(REMOTE), alice.hears(), vera.hears()]);
  await leaves(vera);
  vera.isContent();
  await alice.click('leave');
});

test(`the page loads at most ${PAGE_BUDGET} bytes of gzip`, async (t) => {
  const dist = path.join(WEB, 'examples', 'acs-ui-library', 'dist');
  // Chunks that are loaded on demand count, too: with little to gain there is no need to be clever.
  const names = (await readdir(dist)).filter((name) => /\.(js|css|html)$/.test(name));
  const sizes = await Promise.all(names.map(async (name) => gzipSync(await readFile(path.join(dist, name))).length));
  const size = sizes.reduce((sum, one) => sum + one, 0);
  t.diagnostic(`${size} bytes in ${names.length} files`);
  assert.ok(size <= PAGE_BUDGET, `${size} bytes`);
  assert.ok(size > PAGE_BUDGET / 2, 'the budget is not one any more');
});
