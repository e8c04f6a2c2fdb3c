/**
 * The visual record: every page in every state, in light and in dark, as docs/screenshots/STATE-SCHEME.webp, the main ones
 * also of a phone as STATE-phone-SCHEME.webp. In English, whatever the machine's language is.
 *
 * Started like the tests: ANTEROOM_BIN=… npm run screenshots [STATE…]; with names, only those pictures are written.
 */

import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { openBrowser } from './lib/browser.mjs';
import { Crowd } from './lib/crowd.mjs';
import { withoutDevices } from './lib/devices.mjs';
import { Person } from './lib/person.mjs';
import { drawnCamera, drawnScreen } from './lib/pictures.mjs';
import { startService } from '../lib/service.mjs';

const DIRECTORY = process.env.SCREENSHOTS ?? fileURLToPath(new URL('../../docs/screenshots', import.meta.url));
const LIMIT_BYTES = 200_000;
const DESK = { width: 1280, height: 800 };
/** Not as a touch screen: the page would be loaded anew, in the middle of a call. */
const PHONE = { width: 390, height: 844, deviceScaleFactor: 2 };
const ALICE = { wall: '#8fb3ad', hair: '#4b2f23', skin: '#e2b08c', shirt: '#24524f', longHair: true };
const DANA = { wall: '#c9b79f', hair: '#1f1c1b', skin: '#b9805a', shirt: '#3a4d74' };
const BOB = { wall: '#a9b4c9', hair: '#7a5a3a', skin: '#f0c6a5', shirt: '#5b3a52' };

const only = new Set(process.argv.slice(2));
const written = [];

const service = await startService();
const browser = await openBrowser('chromium', { arguments: ['--lang=en-GB'] });
const crowd = new Crowd(service);
try {
  await mkdir(DIRECTORY, { recursive: true });
  await alone();
  await together();
} finally {
  await crowd.goes();
  await browser.close();
  await service.stop();
}
for (const file of written) {
  const { size } = await stat(file);
  console.log(`${path.relative(process.cwd(), file)}: ${Math.round(size / 1000)} kB`);
  if (size > LIMIT_BYTES) {
    console.error(`larger than ${LIMIT_BYTES / 1000} kB`);
    process.exitCode = 1;
  }
}

/** What is seen without a meeting. */
async function alone() {
  const visitor = await arrives('Visitor', '/', DANA);
  await visitor.until('knows how the service is', () => document.getElementById('status').textContent !== '');
  await picture(visitor, 'front', { phone: true });

  await visitor.open(`${service.origin}/join`);
  await visitor.sees('link');
  await picture(visitor, 'join-without-link');
  await visitor.open(`${service.origin}/join?link=https%3A%2F%2Fgov.teams.microsoft.us%2Fmeet%2F274918305566421`);
  await visitor.until('is told', () => document.querySelector('[data-testid="link-problem"]')?.dataset.key);
  await picture(visitor, 'join-government-link');

  const bare = new Person('Sam Okafor', await browser.person(withoutDevices));
  await bare.open(guestAddress());
  await bare.sees('name');
  await bare.until('is told', () => document.querySelector('[data-testid="device-problems"]').innerText.trim().length > 20);
  await picture(bare, 'join-without-devices');

  const lost = await arrives('Sam Okafor', '/join?link=https%3A%2F%2Fteams.microsoft.com%2Fnot-a-meeting', DANA);
  await lost.asksToJoin();
  await lost.endReason();
  await picture(lost, 'end-not-a-link');

  const alice = await arrives('Alice', '/teams', ALICE);
  await alice.sees('upn');
  await picture(alice, 'sign-in', { phone: true });

  const administrator = await arrives('Alice', '/admin', ALICE);
  await signsIn(administrator, service.dev.users[0]);
  await administrator.sees('apply');
  const sections = await administrator.page.$$eval('[data-testid^="nav-"]', (links) => links.map(({ dataset }) => dataset.testid));
  for (const section of sections) {
    await administrator.click(section);
    await administrator.until(`${section} is shown`, (id) => document.querySelector(`[data-testid="${id}"]`)?.ariaCurrent === 'page', section);
    if (section === 'nav-explain') {
      await administrator.type('explain-link', service.dev.meeting.join_url);
      await administrator.click('explain');
      await administrator.until('is told', () => document.querySelector('[data-testid="explanation"]')?.textContent !== '');
    }
    await picture(administrator, `admin-${section.slice('nav-'.length)}`, { phone: section === sections[0] });
  }
}

/** A meeting from its beginning to its end. */
async function together() {
  const alice = await arrives('Alice', '/teams', ALICE);
  await signsIn(alice, service.dev.users[0]);
  await alice.sees('meeting-item');
  await alice.until('sees herself', () => document.querySelector('[data-testid="preview-video"]')?.videoWidth > 0);
  await picture(alice, 'calendar', { phone: true });
  await alice.click('join');
  await alice.sees('in-call');
  await picture(alice, 'call-alone');

  const dana = await arrives('Dana Whitfield', guestPath(), DANA, drawnScreen);
  await dana.until('sees itself', () => document.querySelector('[data-testid="preview-video"]')?.videoWidth > 0);
  await dana.type('name', dana.name);
  await picture(dana, 'join', { phone: true });
  await dana.click('join');
  await dana.sees('lobby');
  await picture(dana, 'lobby', { phone: true });
  await alice.sees('admit');
  await picture(alice, 'call-lobby-queue');
  await alice.admits(dana.name);
  await dana.sees('in-call');

  const bob = await arrives('Bob', '/teams', BOB);
  await signsIn(bob, service.dev.users[1]);
  await bob.sees('meeting-item');
  await bob.click('join');
  await bob.sees('in-call');
  await dana.says('Hi! Thanks for letting me in.');
  await alice.says('Welcome, Dana. Can you show us your figures?');
  await dana.says('Sure, I will share them in a moment.');
  await everybodySees([alice, dana], 2);
  await picture(dana, 'call-guest', { phone: true });

  await dana.click('reactions');
  await dana.sees('react-like');
  await picture(dana, 'call-reactions');
  await dana.page.keyboard.press('Escape');
  for (const dialog of ['details', 'shortcuts']) {
    await dana.click('view-menu');
    if (dialog === 'details') await picture(dana, 'call-view-menu');
    await dana.click(`${dialog}-open`);
    await dana.sees(dialog);
    await picture(dana, `call-${dialog}`);
    await dana.page.keyboard.press('Escape');
  }
  await dana.click('settings-open');
  await dana.sees('settings');
  await picture(dana, 'call-settings');
  await dana.page.keyboard.press('Escape');
  await dana.click('raise-hand');
  await alice.seesHand(dana.name, 1);
  await alice.click('person-menu');
  await picture(alice, 'call-person-menu');
  await alice.page.keyboard.press('Escape');
  await alice.click('meeting-menu');
  await picture(alice, 'call-meeting-menu');
  await alice.page.keyboard.press('Escape');
  await dana.click('raise-hand');

  await dana.click('share');
  await alice.seesMoving('screen');
  for (const name of ['Sam Okafor', 'Kim Lee']) await crowd.arrives(name);
  await alice.until('sees both waiting', () => document.querySelectorAll('[data-testid="lobby-item"]').length === 2);
  await everybodySees([alice, bob], 2);
  await picture(alice, 'call-teams', { phone: true });
  await picture(bob, 'call-screen');
  await picture(dana, 'call-sharing');
  await dana.click('share');
  await alice.doesInMeeting('recording');
  await dana.until('sees the banner', () => !document.querySelector('[data-testid="banner"]').hidden);
  await picture(dana, 'call-recorded');

  await alice.removes(bob.name);
  await bob.endReason();
  await picture(bob, 'end-removed');
  await alice.click('end-meeting');
  await alice.sees('end-meeting-confirm');
  await picture(alice, 'call-end-question');
  await alice.click('end-meeting-confirm');
  for (const person of [alice, dana]) await person.endReason();
  await picture(dana, 'end', { phone: true });
  await picture(alice, 'end-teams');
}

/** Somebody in front of a page, with a drawn camera. */
async function arrives(name, address, look, prepare = async () => {}) {
  const page = await browser.person(async (fresh) => {
    await drawnCamera(fresh, look);
    await prepare(fresh);
  });
  const person = new Person(name, page);
  await person.open(new URL(address, service.origin).href);
  return person;
}

async function signsIn(person, { upn, password }) {
  await person.type('upn', upn);
  await person.type('password', password);
  await person.click('sign-in');
}

function guestPath() {
  return `/join?link=${encodeURIComponent(service.dev.meeting.join_url)}`;
}

function guestAddress() {
  return service.origin + guestPath();
}

/** Waits until so many cameras are seen, and their pictures are sharp. */
async function everybodySees(people, cameras) {
  for (const person of people) {
    await person.until(`sees ${cameras} cameras`, (all) => {
      const videos = [...document.querySelectorAll('[data-testid="tile-video"][data-source="camera"]')];
      return videos.length === all && videos.every((video) => video.videoWidth >= 240);
    }, cameras);
  }
}

/**
 * The page as it is, in light and in dark, and of a phone.
 * @param {Person} person
 * @param {string} state
 * @param {{phone?: boolean}} [options]
 */
async function picture(person, state, { phone = false } = {}) {
  if (only.size > 0 && !only.has(state)) return;
  const sizes = phone ? [['', DESK], ['-phone', PHONE]] : [['', DESK]];
  for (const [suffix, viewport] of sizes) {
    if (suffix) await person.page.setViewport(viewport);
    for (const scheme of ['light', 'dark']) {
      await person.page.emulateMediaFeatures([
        { name: 'prefers-color-scheme', value: scheme },
        { name: 'prefers-reduced-motion', value: 'reduce' },
      ]);
      await person.page.bringToFront();
      // Two frames: what the new size and colours moved has been laid out and painted.
      await person.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
      await person.until('stands still', () => document.getAnimations().every(({ playState, effect }) =>
        playState !== 'running' || effect?.getComputedTiming().endTime === Infinity));
      await person.page.evaluate(() => document.querySelectorAll('.toast').forEach((toast) => toast.remove()));
      const file = path.join(DIRECTORY, `${state}${suffix}-${scheme}.webp`);
      await person.page.screenshot({ path: file, type: 'webp', quality: 82 });
      written.push(file);
    }
  }
  await person.page.setViewport(DESK);
}
