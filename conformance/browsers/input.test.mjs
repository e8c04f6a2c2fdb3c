/** Bad input: names and messages that try something, computers without devices, tokens that run out, odd addresses. */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { backEnd, user } from './lib/back_end.mjs';
import { openBrowser } from './lib/browser.mjs';
import { Crowd } from './lib/crowd.mjs';
import { withoutDevices } from './lib/devices.mjs';
import { guest, organizer } from './lib/flow.mjs';
import { Person } from './lib/person.mjs';
import { startService } from '../lib/service.mjs';

const NAMES = [
  '<script>window.owned = 1</script>',
  '"><img src=x onerror="window.owned = 1">',
  '</title></textarea></style><svg/onload=window.owned=1>',
  'javascript:window.owned=1',
  '{{constructor.constructor("window.owned=1")()}}',
  // Zero-width characters, and marks upon marks.
  'Da\u200Bn\u200Ca',
  `Z${'\u0300\u0301\u0302\u0303\u0304'.repeat(30)}algo`,
  '👩‍👩‍👧‍👦👩🏽‍🚀🏳️‍🌈'.repeat(8),
  'W'.repeat(256),
  'محمد العربي',
];
/** No names: the writing direction changed, or nothing to be seen. */
const REFUSED = ['Invoice \u202Efdp.exe', '\u2067abc', 'Da\uFEFFna', '\u200B\u200B\u200D', `${'W'.repeat(257)}`];
/** Messages may be anything; the direction of one is never closed. */
const MESSAGES = [...NAMES, 'Invoice \u202Efdp.exe', '\u2067\u202Eabc', 'W'.repeat(2_000), `https://example.com/${'a'.repeat(2_000)}`];

let service;
let browser;

before(async () => {
  service = await startService();
});

after(async () => {
  await service?.stop();
});

afterEach(async () => {
  await browser?.close();
  browser = undefined;
});

/** Whether something is wider than the window, or a name sticks out of its line. */
function layout() {
  const inside = (inner, outer) => inner.left >= outer.left - 1 && inner.right <= outer.right + 1;
  const lines = [...document.querySelectorAll('[data-testid="roster-item"], [data-testid="lobby-item"], [data-testid="chat-message"]')];
  const panels = [...document.querySelectorAll('.panel')].filter(({ offsetParent }) => offsetParent !== null);
  return {
    wide: document.documentElement.scrollWidth > window.innerWidth,
    tall: document.documentElement.scrollHeight > window.innerHeight + 1,
    out: lines.filter((line) => line.offsetParent !== null && !inside(line.getBoundingClientRect(), (line.closest('.panel') ?? document.body).getBoundingClientRect()))
      .map(({ textContent }) => textContent.slice(0, 60)),
    panels: panels.filter((panel) => panel.scrollWidth > panel.clientWidth + 1).map(({ className }) => className),
  };
}

/** Whether every label beside a name still reads from left to right. */
function turnedAround() {
  const badges = [...document.querySelectorAll('[data-testid="roster-item"] .badge, [data-testid="lobby-item"] .badge')]
    .filter(({ offsetParent, textContent }) => offsetParent !== null && textContent !== '');
  const places = ({ firstChild: text }) => [0, text.length - 1].map((at) => {
    const range = document.createRange();
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    return range.getBoundingClientRect().left;
  });
  return { badges: badges.length, turned: badges.filter((badge) => places(badge)[0] >= places(badge)[1]).length };
}

test('hostile names and messages are text in the lobby, the roster, the chat and on the tiles, and the layout holds', async () => {
  browser = await openBrowser('chromium');
  const alice = await organizer(browser, service);
  const crowd = new Crowd(service);
  try {
    for (const name of REFUSED) await assert.rejects((await crowd.arrives(name)).joined(), /bad_display_name/, name);
    await crowd.goes();
    for (const name of NAMES) await crowd.arrives(name);
    await alice.until('sees all of them waiting', (all) => window.anteroom.call.waiting.size === all, NAMES.length);
    await alice.sees('admit-all');
    assert.deepEqual(await alice.page.evaluate(layout), { wide: false, tall: false, out: [], panels: [] }, 'lobby');
    await alice.click('admit-all');
    await Promise.all(crowd.people.map((extra) => extra.joined()));
    const dana = await guest(browser, service, 'Dana Whitfield');
    await alice.admits(dana.name);
    await dana.sees('in-call');
    for (const [index, text] of MESSAGES.entries()) {
      await crowd.people[index % NAMES.length].request('sendChat', { text, clientMessageId: `hostile-${index}` });
    }
    for (const person of [alice, dana]) {
      for (const text of MESSAGES) await person.reads(text);
      await person.until('sees everybody', (all) => window.anteroom.call.participants.size === all, NAMES.length + 2);
      for (const name of NAMES) await person.seesInRoster(name);
      for (const viewport of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
        await person.page.setViewport(viewport);
        await person.until(`holds together at ${viewport.width}`, `(({ wide, tall, out, panels }) => !wide && !tall && out.length + panels.length === 0)((${layout})())`);
      }
      await person.page.setViewport({ width: 1280, height: 800 });
      await person.until('has its roster back beside the stage', `(${turnedAround})().badges > 0`);
      const { turned } = await person.page.evaluate(turnedAround);
      assert.equal(turned, 0, 'a name turned its label around');
      assert.equal(await person.page.evaluate(() => window.owned), undefined, 'something ran');
      assert.equal((await person.page.$$('#app script, #app img, .person-name *, .message-text script')).length, 0);
      const addresses = await person.page.$$eval('#app a[href]', (links) => links.map(({ href }) => href));
      assert.deepEqual(addresses.filter((href) => !/^https?:/.test(href)), []);
      person.hasNoProblems();
    }
  } finally {
    await crowd.goes();
  }
});

test('a computer without camera and microphone: told so before, and in the call nonetheless', async () => {
  browser = await openBrowser('chromium');
  const alice = await organizer(browser, service);
  const dana = new Person('Bare computer', await browser.person(withoutDevices));
  await dana.open(`${service.origin}/join?link=${encodeURIComponent(service.dev.meeting.join_url)}`);
  await dana.until('is told', () => window.anteroom.local.problems.microphone === 'missing' && window.anteroom.local.problems.camera === 'missing'
    && document.querySelector('[data-testid="device-problems"]').innerText.trim().length > 20);
  await dana.asksToJoin();
  await dana.sees('lobby');
  await alice.admits(dana.name);
  await dana.sees('in-call');
  await Promise.all([dana.seesMoving('camera'), dana.hears()]);
  await alice.seesMuted(dana.name, true);
  await dana.click('camera');
  await dana.until('is told why', () => document.querySelector('.toasts').textContent !== '');
  await dana.says('I can only listen.');
  await alice.reads('I can only listen.');
  dana.hasNoProblems();
});

test('addresses of the guest’s page that lead nowhere run nothing and end in words', async () => {
  browser = await openBrowser('chromium');
  const links = [
    'javascript:window.owned=1',
    'data:text/html,<script>window.owned=1</script>',
    '"><script>window.owned=1</script>',
    'https://example.com/meet/\u202E<img src=x onerror=window.owned=1>',
  ];
  for (const link of links) {
    const lost = new Person('Lost guest', await browser.person());
    await lost.open(`${service.origin}/join?link=${encodeURIComponent(link)}`);
    await lost.until('is told', () => document.querySelector('[data-testid="link-problem"]')?.textContent.trim().length > 10);
    assert.equal(await lost.page.evaluate(() => window.owned), undefined, link);
    assert.equal((await lost.page.$$('#app script, #app img')).length, 0, link);
    lost.hasNoProblems();
    await lost.page.close();
  }
  // What looks like a meeting goes to the service, which has the last word.
  const broken = await guest(browser, service, 'Lost guest', { link: `https://teams.microsoft.com/l/meetup-join/${'%'.repeat(50)}` });
  assert.equal((await broken.endReason()).key, 'bad_locator');
  const odd = new Person('Odd', await browser.person());
  await odd.open(`${service.origin}/join?link=${'x'.repeat(4_000)}&room=&token=abc&__proto__[x]=1#token=&x`);
  await odd.sees('join');
  odd.hasNoProblems();
});

test('a token that runs out in the middle of a call is renewed or told, and the way back works', async () => {
  // The clock is the whole service's, so that this one has a service of its own.
  const own = await startService('# Its own clock.\n');
  try {
    browser = await openBrowser('chromium');
    const { token } = await user(own);
    const alice = await organizer(browser, own);
    const dana = new Person('Short token', await browser.person());
    await dana.open(`${own.origin}/join?link=${encodeURIComponent(own.dev.meeting.join_url)}#token=${token}`);
    await dana.asksToJoin();
    await dana.sees('lobby');
    assert.ok(!dana.page.url().includes('token'), 'the token stays in no address bar');
    await alice.admits(dana.name);
    await dana.sees('in-call');
    await backEnd(own, 'POST', '/emulator/clock/:step', { seconds: 25 * 3600 });
    // The app that brought the token has not brought another one.
    const reason = await dana.endReason();
    assert.deepEqual([reason.key, reason.code], ['unauthenticated', 401]);
    assert.equal(await dana.page.evaluate(() => window.anteroom.pc?.connectionState ?? 'closed'), 'closed', 'the media connection is gone');
    await dana.click('rejoin');
    await dana.click('join');
    await dana.sees('lobby');
    const hers = await alice.endReason();
    assert.equal(hers.key, 'unauthenticated');
  } finally {
    await browser?.close();
    browser = undefined;
    await own.stop();
  }
});
