/** A meeting of 350 in one browser: what the page makes of it, and whether it can still be used. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { openBrowser } from './lib/browser.mjs';
import { Crowd, browserOffer } from './lib/crowd.mjs';
import { guest } from './lib/flow.mjs';
import { Native } from './lib/native.mjs';
import { startService } from '../lib/service.mjs';

const SPEECH = fileURLToPath(new URL('../../crates/anteroom/assets/speech.wav', import.meta.url));
const PARTICIPANTS = 350;
/** How long people come, go, mute and raise hands while it is measured, in milliseconds, and how often. */
const CHURN_MS = 6_000;
const CHURN_EVERY_MS = 250;

/** Pictures at a time: more than Teams shows, fewer than melt a laptop. */
const MOST_VIDEOS = 64;
/** A page of the grid has sixteen tiles; the one who speaks has no camera. */
const MANY_PICTURES = 12;
/** The service answers descriptions of up to 256 sections; far fewer have to do. */
const MOST_TRANSCEIVERS = 160;
const MOST_NODES = 20_000;
/** The list of people is drawn, and media is negotiated, no more often than this, in milliseconds, whoever comes and goes. */
const PACE_MS = 250;

let service;
let browser;
let alice;
let crowd;

before(async () => {
  service = await startService('[demo]\nlobby = "everyone"\n');
  browser = await openBrowser('chromium');
  const { dev } = service;
  // Somebody of the organization, who begins the meeting, and really speaks.
  alice = new Native([
    dev.meeting.join_url,
    ...['--endpoint', dev.endpoint, '--ca', dev.ca_file, '--as', dev.users[0].upn, '--password', dev.users[0].password],
    ...['--play', SPEECH, '--loop'],
  ]);
  await alice.event('connected', ({ event }) => event === 'connected');
  const page = await browser.person();
  await page.goto(service.origin);
  crowd = new Crowd(service, await browserOffer(page));
  await page.close();
});

after(async () => {
  await crowd?.goes();
  await alice?.leave();
  await browser?.close();
  await service?.stop();
});

/** Whether so many tiles have a picture. */
const pictures = (many) => document.querySelectorAll('[data-testid="tile-video"]').length >= many;

/** Numbers of the page. */
const counts = (person) =>
  person.page.evaluate(() => ({
    participants: window.anteroom.call.participants.size,
    rows: document.querySelectorAll('[data-testid="roster-item"]').length,
    nodes: document.querySelectorAll('*').length,
    videos: document.querySelectorAll('video').length,
    players: document.querySelectorAll('audio').length,
    transceivers: window.anteroom.pc.getTransceivers().length,
  }));

test(`${PARTICIPANTS} participants: the page shows who is there, stays small, and can be used`, async (t) => {
  const begun = Date.now();
  await crowd.comes(PARTICIPANTS - 2);
  t.diagnostic(`the crowd came in ${Date.now() - begun} ms`);
  const dana = await guest(browser, service, 'Dana Whitfield');
  await dana.sees('in-call');
  await dana.until('knows everybody', (all) => window.anteroom.call.participants.size === all, PARTICIPANTS);
  await dana.until('has a media connection', () => window.anteroom.pc?.connectionState === 'connected');
  await dana.hears();
  await dana.until('sees pictures', pictures, MANY_PICTURES);
  within(t, await counts(dana), 'at rest');

  await dana.page.evaluate(watchPace);
  const before = await dana.page.metrics();
  const end = Date.now() + CHURN_MS;
  for (let turn = 0; Date.now() < end; turn += 1) {
    await Promise.all([crowd.goes(2), crowd.comes(2), busy(turn), pause(CHURN_EVERY_MS)]);
  }
  const later = await dana.page.metrics();
  const spent = (name) => (later[name] - before[name]) / (later.Timestamp - before.Timestamp);
  const shares = ['TaskDuration', 'ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'].map((name) => `${name} ${Math.round(100 * spent(name))} %`);
  t.diagnostic(`main thread while people come and go: ${shares.join(', ')}; heap ${Math.round(later.JSHeapUsedSize / 1e6)} MB`);
  // How long it was busy tells of the machine as well; how often it began, of the page alone.
  const { ms, drawn, offers } = await dana.page.evaluate(() => window.pace());
  t.diagnostic(`in ${Math.round(ms)} ms the list was drawn ${drawn} times, and ${offers} offers were made`);
  const most = ms / PACE_MS + 2;
  assert.ok(drawn >= 2 && drawn <= most, `${drawn} drawings, ${most} at most`);
  assert.ok(offers >= 2 && offers <= most, `${offers} offers, ${most} at most`);

  await dana.until('knows everybody again', (all) => window.anteroom.call.participants.size === all, PARTICIPANTS);
  await dana.until('sees pictures again', pictures, MANY_PICTURES);
  within(t, await counts(dana), 'after people came and went');
  await dana.hears();
  await dana.says('Can everybody hear me?');
  await dana.click('mute');
  await dana.until('is muted', () => window.anteroom.local.muted);
  assert.equal(await dana.page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false, 'nothing is wider than the window');
  dana.hasNoProblems();
  await dana.click('leave');
  assert.equal((await dana.endReason()).key, 'left');
});

/** In the page: counts drawings of the list of people, whose title has their number, and offers. */
function watchPace() {
  const begun = performance.now();
  let drawn = 0;
  let offers = 0;
  const { pc } = window.anteroom;
  const original = pc.setLocalDescription;
  pc.setLocalDescription = function counted(...description) {
    offers += 1;
    return original.apply(pc, description);
  };
  // Called once for whatever one task changes.
  const observer = new MutationObserver(() => (drawn += 1));
  observer.observe(document.querySelector('.people > h2'), { childList: true, characterData: true, subtree: true });
  window.pace = () => ({ ms: performance.now() - begun, drawn, offers });
}

/** Somebody mutes, somebody raises a hand. */
async function busy(turn) {
  const [one, other] = [crowd.people[100 + (turn % 100)], crowd.people[200 + (turn % 100)]];
  await one.request('mediaState', { micMuted: true, cameraOn: turn % 2 === 0 });
  await other.request('setHand', { raised: true });
}

function within(t, numbers, when) {
  t.diagnostic(`${when}: ${Object.entries(numbers).map(([name, value]) => `${value} ${name}`).join(', ')}`);
  assert.equal(numbers.participants, PARTICIPANTS);
  assert.ok(numbers.videos >= 1 && numbers.videos <= MOST_VIDEOS, `${numbers.videos} video elements`);
  assert.ok(numbers.transceivers >= 3 && numbers.transceivers <= MOST_TRANSCEIVERS, `${numbers.transceivers} transceivers`);
  assert.ok(numbers.nodes <= MOST_NODES, `${numbers.nodes} elements`);
}
