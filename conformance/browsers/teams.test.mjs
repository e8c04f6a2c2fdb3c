/** The Teams side's page: calendar, meeting options, lobby and people; by keyboard, and in other languages. */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { backEnd } from './lib/back_end.mjs';
import { openBrowser } from './lib/browser.mjs';
import { guest, organizer } from './lib/flow.mjs';
import { Person } from './lib/person.mjs';
import { startService } from '../lib/service.mjs';

let service;
let browser;

before(async () => {
  service = await startService();
});

after(async () => {
  await service?.stop();
});

async function withBrowser(run) {
  browser = await openBrowser('chromium');
  await run();
}

afterEach(async () => {
  await browser?.close();
  browser = undefined;
});

/** Signs in and stays at the calendar. */
async function atCalendar(prepare) {
  const alice = new Person('Alice', await browser.person(prepare));
  await alice.open(`${service.origin}/teams`);
  const { upn, password } = service.dev.users[0];
  await alice.type('upn', upn);
  await alice.type('password', password);
  await alice.click('sign-in');
  await alice.sees('meeting-item');
  return alice;
}

/** What has the focus, by its testid. */
const focused = ({ page }) => page.evaluate(() => document.activeElement?.dataset.testid ?? document.activeElement?.tagName);

const texts = ({ page }, testid) => page.$$eval(`[data-testid="${testid}"]`, (items) => items.map((item) => item.textContent));

/** A stand-in for the clipboard: pages in a headless browser may not read it. */
const clipboard = (page) =>
  page.evaluateOnNewDocument(() => {
    navigator.clipboard.writeText = async (text) => {
      window.copied = text;
    };
  });

test('a meeting is scheduled with options, its invitation copied, its options changed by keyboard, and it is deleted', () =>
  withBrowser(async () => {
    const alice = await atCalendar(clipboard);
    const { page } = alice;
    await alice.click('new-meeting');
    await alice.type('schedule-subject', 'Review <i>of</i> plans');
    await alice.click('schedule-options');
    await page.select('[data-testid="option-bypass"]', 'organizer');
    await alice.click('option-isEntryExitAnnounced');
    await alice.click('schedule-confirm');
    await alice.until('sees it in the calendar', () => document.querySelectorAll('[data-testid="meeting-item"]').length === 2);
    const item = (await page.$$('[data-testid="meeting-item"]'))[1];
    assert.match(await item.evaluate((node) => node.innerText), /Review <i>of<\/i> plans/);
    assert.deepEqual((await page.$$eval('[data-testid="meeting-group"]', (groups) => groups.map(({ dataset }) => dataset.group)))[0], 'now');

    // By keyboard from here on: the menu, its items, and back to its button.
    await (await item.$('[data-testid="meeting-more"]')).focus();
    await page.keyboard.press('ArrowDown');
    await alice.sees('copy-invitation');
    assert.equal(await focused(alice), 'copy-invitation');
    await page.keyboard.press('Escape');
    assert.equal(await focused(alice), 'meeting-more', 'Escape closes the menu');
    await page.keyboard.press('Enter');
    await alice.until('is in the menu', () => document.activeElement.dataset.testid === 'copy-invitation');
    await page.keyboard.press('Enter');
    await alice.until('has the invitation', () => /Review <i>of<\/i> plans/.test(window.copied ?? ''));
    const copied = await page.evaluate(() => window.copied);
    assert.match(copied, /\/meet\/\d+\?p=\w+/);
    assert.match(copied, /Passcode: \w{8}/);
    assert.doesNotMatch(copied, /[\u2066-\u2069]/, 'no marks of direction in what is pasted elsewhere');

    await page.keyboard.press('Enter');
    await alice.until('is in the menu again', () => document.activeElement.dataset.testid === 'copy-invitation');
    await page.keyboard.press('m');
    assert.equal(await focused(alice), 'meeting-options', 'a letter goes to what begins with it');
    await page.keyboard.press('Enter');
    await alice.sees('options');
    assert.equal(await page.$eval('[data-testid="option-bypass"]', ({ value }) => value), 'organizer');
    assert.equal(await page.$eval('[data-testid="option-isEntryExitAnnounced"]', ({ checked }) => checked), false);
    await page.select('[data-testid="option-presenters"]', 'organizer');
    await alice.click('option-allowAttendeeToEnableMic');
    await alice.click('options-confirm');
    await alice.until('has saved', () => !document.querySelector('[data-testid="options"]'));
    assert.equal(await focused(alice), 'meeting-more', 'focus comes back');
    await page.keyboard.press('Enter');
    await alice.click('meeting-options');
    await alice.sees('options');
    assert.equal(await page.$eval('[data-testid="option-presenters"]', ({ value }) => value), 'organizer');
    assert.equal(await page.$eval('[data-testid="option-allowAttendeeToEnableMic"]', ({ checked }) => checked), false);
    await page.keyboard.press('Escape');
    await alice.until('has left the options', () => !document.querySelector('[data-testid="options"]'));

    await page.keyboard.press('Enter');
    await alice.click('delete-meeting');
    await alice.click('delete-confirm');
    await alice.until('it is gone', () => document.querySelectorAll('[data-testid="meeting-item"]').length === 1);
    await alice.until('focus is at another meeting', () => document.activeElement.closest('.meeting') !== null);
    alice.hasNoProblems();
  }));

test('a meeting that begins now: its organizer changes who may unmute while it runs', () =>
  withBrowser(async () => {
    const alice = await atCalendar();
    await alice.click('meet-now');
    await alice.sees('in-call');
    assert.match(await alice.page.title(), /Meeting with Alice/);
    const link = await alice.page.evaluate(() => window.anteroom.call.joinUrl);
    const dana = await guest(browser, service, 'Guest of a quick meeting', { link });
    await dana.sees('lobby');
    await alice.admits(dana.name);
    await dana.sees('in-call');
    await alice.doesWith(dana.name, 'make-attendee');
    await alice.doesInMeeting('meeting-options');
    await alice.sees('options');
    await alice.click('option-allowAttendeeToEnableMic');
    await alice.page.select('[data-testid="option-chat"]', 'disabled');
    await alice.click('options-confirm');
    await dana.until('may not unmute', () => !window.anteroom.call.can('unmuteMic'));
    await dana.until('has no chat', () => !window.anteroom.call.chatAllowed);
    await alice.click('leave');
    await dana.click('leave');
  }));

test('three in the lobby: each said once, one rejected, the others admitted; focus is never lost', () =>
  withBrowser(async () => {
    const alice = await organizer(browser, service);
    // What is said goes away again after some seconds.
    await alice.page.evaluate(() => {
      window.said = '';
      new MutationObserver((records) => {
        for (const { addedNodes } of records) for (const node of addedNodes) window.said += `${node.textContent}\n`;
      }).observe(document.querySelector('[data-testid="spoken"]'), { childList: true });
    });
    const guests = [];
    for (const name of ['Ann <b>Lobby</b>', 'Bo Lobby', 'Łukasz Lobby']) guests.push(await guest(browser, service, name));
    await alice.until('sees three', () => document.querySelectorAll('[data-testid="lobby-item"]').length === 3);
    await alice.until('hears of them', () =>
      ['Ann <b>Lobby</b>', 'Bo Lobby', 'Łukasz Lobby'].every((name) => window.said.includes(name)));
    const said = (await alice.page.evaluate(() => window.said)).match(/waiting in the lobby/g);
    assert.ok(said.length <= 3, 'nobody is said twice');
    const lost = () => alice.until('has the focus somewhere', () => document.activeElement !== document.body);
    const inside = await alice.page.$$eval('[data-testid="admit"]', (buttons) => buttons.every((button) => button.getBoundingClientRect().right <= innerWidth));
    assert.ok(inside, 'the buttons are in sight');
    await alice.decides('reject', 'Bo Lobby');
    await alice.until('sees two', () => document.querySelectorAll('[data-testid="lobby-item"]').length === 2);
    assert.equal((await guests[1].endReason()).key, 'lobby_denied');
    await lost();
    await alice.click('admit-all');
    await alice.until('sees them in the roster', () => document.querySelectorAll('[data-testid="roster-item"]').length === 3);
    await lost();

    // Without accents, in any case.
    await alice.type('people-search', 'lukasz');
    await alice.until('finds one', () => document.querySelectorAll('[data-testid="roster-item"]').length === 1);
    assert.match((await texts(alice, 'roster-item'))[0], /Łukasz/);
    await alice.page.keyboard.press('Escape');
    await alice.until('sees all again', () => document.querySelectorAll('[data-testid="roster-item"]').length === 3);
    for (const person of [guests[0], guests[2], alice]) await person.click('leave');
  }));

test('of 350 participants only those in sight have a row, and who speaks touches only theirs', () =>
  withBrowser(async () => {
    const alice = await organizer(browser, service);
    const { page } = alice;
    // The panel alone: the stage is looked at elsewhere.
    await page.evaluate(async () => {
      const { People } = await import('/assets/people.js');
      const me = window.anteroom.call.me;
      const call = Object.assign(new EventTarget(), {
        participantId: me.id,
        role: 'ROLE_ORGANIZER',
        colleague: true,
        capabilities: new Set(['muteOthers', 'removeParticipant']),
        speaking: new Set(),
        meeting: { hands: ['p200', 'p100'], spotlight: [] },
        participants: new Map([[me.id, me]]),
        can(name) {
          return this.capabilities.has(name);
        },
        is: (...roles) => roles.includes('ROLE_ORGANIZER'),
      });
      for (let number = 1; number < 350; number += 1) {
        const id = `p${number}`;
        call.participants.set(id, { ...me, id, displayName: `Person ${number}`, role: 'ROLE_ATTENDEE', external: true, label: 'External' });
      }
      const people = new People(call);
      people.element.style.setProperty('height', '400px');
      document.body.replaceChildren(people.element);
      window.people = { people, call };
    });
    const rows = () => page.$$eval('[data-testid="roster-item"]', (items) => items.map(({ dataset, ariaPosInSet, ariaSetSize }) => [dataset.participant, ariaPosInSet, ariaSetSize].join(' ')));
    await alice.until('sees the first rows', () => document.querySelectorAll('[data-testid="roster-item"]').length > 5);
    const first = await rows();
    assert.ok(first.length < 60, `${first.length} rows`);
    assert.deepEqual(first.slice(0, 2), ['p200 1 350', 'p100 2 350'], 'hands in their order');
    await page.$eval('.windowed', (list) => list.scrollTo(0, list.scrollHeight));
    await alice.until('sees the last', () => document.querySelector('[data-participant="p349"]') !== null);
    assert.ok((await rows()).length < 60);

    const touched = await page.evaluate(async () => {
      const { people, call } = window.people;
      const changes = [];
      const observer = new MutationObserver((records) => changes.push(...records));
      observer.observe(people.element, { subtree: true, childList: true, attributes: true, characterData: true });
      call.speaking = new Set(['p349', 'p5']);
      people.updateSpeaking();
      call.speaking = new Set(['p348']);
      people.updateSpeaking();
      await Promise.resolve();
      return changes.length;
    });
    assert.equal(touched, 3, 'p349 begins and ends, p348 begins; p5 has no row');
  }));

test('a call that lasts longer than the token of its sign-in', async () => {
  // The clock is the whole service's, so that this one has a service of its own.
  const own = await startService('# Its own clock.\n');
  try {
    browser = await openBrowser('chromium');
    const alice = await organizer(browser, own, { prepare: (page) => page.evaluateOnNewDocument(() => {
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (message) {
        window.socket = this;
        return send.call(this, message);
      };
    }) });
    const kept = () => sessionStorage.getItem('anteroom.directory');
    const first = await alice.page.evaluate(kept);
    await backEnd(own, 'POST', '/emulator/clock/:step', { seconds: 40 * 60 });
    // Later for the page, too, which asks for its token whenever it connects.
    await alice.page.evaluate(() => {
      const { token } = JSON.parse(sessionStorage.getItem('anteroom.directory'));
      sessionStorage.setItem('anteroom.directory', JSON.stringify({ token, expiresAt: Date.now() }));
      window.socket.close();
    });
    await alice.until('has another token', (old) => sessionStorage.getItem('anteroom.directory') !== old, first);
    await alice.until('is back', () => window.anteroom.call.state === 'connected' && !window.anteroom.call.reconnecting);
    await backEnd(own, 'POST', '/emulator/clock/:step', { seconds: 40 * 60 });
    // Whoever comes sees that the session is still there, and the organizer hears of it.
    const dana = await guest(browser, own, 'Late guest');
    await alice.admits(dana.name);
    await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
    assert.equal(await alice.page.evaluate(() => window.anteroom.call.state), 'connected');
    alice.hasNoProblems();
    await alice.click('leave');
    await alice.endReason();
    // So does a page that is loaded again after its token's time; who has signed out has to sign in.
    await alice.page.evaluate(() => {
      const { token } = JSON.parse(sessionStorage.getItem('anteroom.directory'));
      sessionStorage.setItem('anteroom.directory', JSON.stringify({ token, expiresAt: 0 }));
    });
    await alice.page.reload();
    await alice.sees('meeting-item');
    await alice.click('sign-out');
    await alice.sees('sign-in');
    await alice.page.reload();
    await alice.sees('sign-in');
  } finally {
    await browser?.close();
    browser = undefined;
    await own.stop();
  }
});

test('the page speaks the language of the browser, and another one that is chosen', () =>
  withBrowser(async () => {
    const swedish = await browser.person(async (page) => {
      await page.evaluateOnNewDocument(() => {
        Object.defineProperty(navigator, 'languages', { get: () => ['nn', 'sv-FI', 'en'] });
      });
    });
    const person = new Person('Svea', swedish);
    await person.open(`${service.origin}/teams`);
    await person.sees('upn');
    assert.equal(await swedish.$eval('h1', (heading) => heading.textContent), 'Logga in');
    assert.equal(await swedish.evaluate(() => document.documentElement.lang), 'sv');
    await person.type('upn', service.dev.users[0].upn);
    await swedish.select('[data-testid="language"]', 'ru');
    await person.until('reads Russian', () => document.querySelector('h1').textContent === 'Вход');
    assert.equal(await swedish.$eval('[data-testid="upn"]', ({ value }) => value), service.dev.users[0].upn, 'what was typed stays');
    assert.equal(await focused(person), 'language');
    await person.type('password', service.dev.users[0].password);
    await person.click('sign-in');
    await person.sees('meeting-item');
    assert.equal(await swedish.$eval('h1', (heading) => heading.textContent), 'Ваши собрания');
    await swedish.select('[data-testid="language"]', 'fr');
    await person.until('reads French', () => document.querySelector('h1').textContent === 'Vos réunions');

    // Remembered, also by the other pages.
    await person.open(`${service.origin}/`);
    await person.until('reads French', () => document.querySelector('.lead').textContent.startsWith('Vos invités'));
    assert.equal(await swedish.evaluate(() => document.documentElement.lang), 'fr');
    const refused = await browser.person();
    const lost = new Person('Lost', refused);
    await refused.evaluateOnNewDocument(() => localStorage.setItem('anteroom.preferences', JSON.stringify({ language: 'de' })));
    // The page finds nothing wrong with it; the service does.
    const link = new URL(service.dev.meeting.join_url);
    link.searchParams.set('p', 'WrongPasscode');
    await lost.open(`${service.origin}/join?link=${encodeURIComponent(link.href)}`);
    await lost.asksToJoin();
    assert.match((await lost.endReason()).text, /^Diese Besprechung wurde nicht gefunden/);
  }));
