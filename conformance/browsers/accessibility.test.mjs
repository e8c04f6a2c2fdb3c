/** Every page in every state, in light and dark, before axe-core. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible } from './lib/axe.mjs';
import { openBrowser } from './lib/browser.mjs';
import { Crowd } from './lib/crowd.mjs';
import { guest, organizer } from './lib/flow.mjs';
import { Person } from './lib/person.mjs';
import { startService } from '../lib/service.mjs';

/** Only its size: with a touch screen the page would be loaded anew. */
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };

let service;
let browser;
let crowd;

before(async () => {
  service = await startService();
  browser = await openBrowser('chromium');
  crowd = new Crowd(service);
});

after(async () => {
  await crowd?.goes();
  await browser?.close();
  await service?.stop();
});

/** Somebody new in front of an address. */
async function visitor(path) {
  const person = new Person('Visitor', await browser.person());
  await person.open(service.origin + path);
  return person;
}

/** Several states one after the other; all are looked at before the first that fails is reported. */
function states() {
  const failures = [];
  return {
    async look(person, state, schemes) {
      await accessible(person, state, schemes).catch((error) => failures.push(error.message));
    },
    done: () => assert.deepEqual(failures, [], failures.join('\n')),
  };
}

test('the front page, joining, and why it did not work', async () => {
  const { look, done } = states();
  const front = await visitor('/');
  await look(front, 'front page');
  await front.open(`${service.origin}/join`);
  await front.sees('link');
  await look(front, 'joining without a link');
  await front.open(`${service.origin}/join?link=${encodeURIComponent(service.dev.meeting.join_url)}`);
  await front.until('sees itself', () => document.querySelector('[data-testid="preview-video"]')?.videoWidth > 0);
  await look(front, 'joining');
  await front.page.setViewport(PHONE);
  await look(front, 'joining on a phone', ['light']);
  await front.page.setViewport(DESK);
  await front.open(`${service.origin}/join?link=https%3A%2F%2Fexample.com%2Fnot-a-meeting`);
  await front.until('is told', () => document.querySelector('[data-testid="link-problem"]')?.dataset.key);
  await look(front, 'a link that is none');
  const lost = await guest(browser, service, 'Lost guest', { link: 'https://teams.microsoft.com/not-a-meeting' });
  await lost.endReason();
  await look(lost, 'a link that leads nowhere');
  done();
});

test('the lobby and the call, of a guest', async () => {
  const { look, done } = states();
  const alice = await organizer(browser, service);
  const dana = await guest(browser, service, 'Dana Whitfield');
  await dana.sees('lobby');
  await look(dana, 'lobby');
  await alice.admits(dana.name);
  await dana.sees('in-call');
  await dana.seesMoving('camera');
  await dana.says('Hello, with a link: https://example.com/');
  await alice.says('Welcome.');
  await dana.reads('Welcome.');
  await look(dana, 'call of a guest');
  await dana.click('reactions');
  await dana.sees('react-like');
  await look(dana, 'reactions');
  await dana.page.keyboard.press('Escape');
  for (const dialog of ['details', 'shortcuts']) {
    await dana.click('view-menu');
    if (dialog === 'details') await look(dana, 'menu of the view');
    await dana.click(`${dialog}-open`);
    await dana.sees(dialog);
    await look(dana, dialog);
    await dana.page.keyboard.press('Escape');
  }
  await dana.click('settings-open');
  await dana.sees('settings');
  await look(dana, 'settings');
  await dana.page.keyboard.press('Escape');
  await dana.page.setViewport(PHONE);
  await look(dana, 'call on a phone');
  await dana.page.setViewport(DESK);
  await dana.click('leave');
  await dana.endReason();
  await look(dana, 'after leaving');
  await alice.click('leave');
  done();
});

test('the Teams side: signing in, the calendar, the call with its lobby, menus and dialogs', async () => {
  const { look, done } = states();
  const alice = await visitor('/teams');
  await alice.sees('upn');
  await look(alice, 'sign-in');
  await alice.type('upn', service.dev.users[0].upn);
  await alice.type('password', 'wrong');
  await alice.click('sign-in');
  await alice.until('is told', () => document.querySelector('[data-testid="problem"]').textContent !== '');
  await look(alice, 'sign-in that failed', ['light']);
  await alice.page.$eval('[data-testid="password"]', (field) => { field.value = ''; });
  await alice.type('password', service.dev.users[0].password);
  await alice.click('sign-in');
  await alice.sees('meeting-item');
  await look(alice, 'calendar');
  await alice.click('join');
  await alice.sees('in-call');
  await look(alice, 'alone in the call', ['light']);
  const dana = await guest(browser, service, 'Dana Whitfield');
  await alice.admits(dana.name);
  await dana.sees('in-call');
  await crowd.arrives('Sam Okafor');
  await crowd.arrives('Kim Lee');
  await alice.until('sees both waiting', () => document.querySelectorAll('[data-testid="lobby-item"]').length === 2);
  await dana.click('share');
  await dana.click('raise-hand');
  await alice.seesMoving('screen');
  await look(alice, 'call with a screen and a lobby');
  await alice.doesInMeeting('recording');
  await alice.until('sees the banner', () => !document.querySelector('[data-testid="banner"]').hidden);
  await alice.click('meeting-menu');
  await look(alice, 'menu of the meeting');
  await alice.page.keyboard.press('Escape');
  await alice.click('person-menu');
  await look(alice, 'menu of a person');
  await alice.page.keyboard.press('Escape');
  await alice.click('end-meeting');
  await alice.sees('end-meeting-confirm');
  await look(alice, 'question before the end');
  await alice.click('end-meeting-confirm');
  await alice.endReason();
  await look(alice, 'the end');
  done();
});

test('the administrators’ page', async () => {
  const { look, done } = states();
  const alice = await visitor('/admin');
  await alice.sees('upn');
  await look(alice, 'sign-in of administrators');
  await alice.type('upn', service.dev.users[0].upn);
  await alice.type('password', service.dev.users[0].password);
  await alice.click('sign-in');
  await alice.sees('apply');
  await look(alice, 'settings');
  await alice.page.select('[data-testid="policy-kind"]', 'SensitivityLabel');
  await alice.type('policy-name', 'Confidential');
  await alice.click('add-policy');
  await alice.click('add-grant');
  await alice.page.select('[data-testid="grant-0-kind"]', 'Group');
  await look(alice, 'settings with a label and a grant');
  const sections = await alice.page.$$eval('[data-testid^="nav-"]', (links) => links.map(({ dataset }) => dataset.testid));
  assert.ok(sections.length > 3, sections.join());
  for (const section of sections) {
    await alice.click(section);
    await alice.until(`${section} is shown`, (id) => document.querySelector(`[data-testid="${id}"]`)?.ariaCurrent === 'page', section);
    await look(alice, `administration, ${section}`);
  }
  await alice.page.setViewport(PHONE);
  await look(alice, 'administration on a phone', ['light']);
  done();
});
