/**
 * The whole loop between a guest's page and a page of the Teams side, in any browser.
 */

import assert from 'node:assert/strict';

import { Person } from './person.mjs';

/**
 * Opens the Teams side's page and enters the demo's meeting.
 * @param {{prepare?: (page: import('puppeteer-core').Page) => Promise<void>}} [options]
 * @returns {Promise<Person>}
 */
export async function organizer(browser, { dev, origin }, { prepare } = {}) {
  const alice = new Person('Alice', await browser.person(prepare));
  await alice.open(`${origin}/teams`);
  await alice.signsInAndJoins(dev.users[0]);
  return alice;
}

/**
 * Opens the guest's page and asks to join.
 * @param {{link?: string, prepare?: (page: import('puppeteer-core').Page) => Promise<void>}} [options]
 * @returns {Promise<Person>}
 */
export async function guest(browser, service, name, { link = service.dev.meeting.join_url, prepare } = {}) {
  const person = new Person(name, await browser.person(prepare));
  await person.open(`${service.origin}/join?link=${encodeURIComponent(link)}`);
  await person.asksToJoin();
  return person;
}

/**
 * Lobby, admission, media both ways, screen, mute, chat, leaving.
 * @param {{guest: any, teams: any}} browsers
 */
export async function wholeLoop(browsers, service) {
  const alice = await organizer(browsers.teams, service);
  await alice.says('said before the guest came');

  const dana = await guest(browsers.guest, service, 'Dana Whitfield', { prepare: browsers.guest.prepareGuest });
  await dana.sees('lobby');
  await alice.sees('admit');
  await alice.missesInRoster(dana.name);
  assert.equal(await dana.count('chat-input'), 0, 'no chat in the lobby');
  assert.equal(await dana.count('tile-video'), 0, 'no pictures in the lobby');
  assert.equal(await dana.page.evaluate(() => window.anteroom.pc), null, 'no media connection in the lobby');

  await alice.admits(dana.name);
  await dana.sees('in-call');
  await alice.seesInRoster(dana.name, 'Unverified');
  await dana.seesInRoster('Alice', 'Organizer');

  await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
  await Promise.all([alice.seesChange('camera'), dana.seesChange('camera')]);
  await Promise.all([alice.hears(), dana.hears()]);

  await dana.type('chat-input', 'Hello, ');
  await alice.seesTyping(dana.name);
  await dana.says('this is Dana.', { all: 'Hello, this is Dana.' });
  await alice.reads('Hello, this is Dana.');
  await dana.seesReadBy('Alice');
  await alice.says('Welcome, Dana.');
  await dana.reads('Welcome, Dana.');
  assert.equal(await dana.count('chat-message'), 2, 'a guest sees nothing that was said before it joined');

  await dana.click('share');
  await alice.seesMoving('screen');
  await alice.seesMoving('camera');
  await dana.click('share');
  await alice.missesVideo('screen');

  await dana.click('mute');
  await alice.seesMuted(dana.name, true);
  await alice.hearsSilence();
  await dana.click('mute');
  await alice.seesMuted(dana.name, false);
  await alice.hears();

  await dana.click('camera');
  await alice.missesVideo('camera');
  await dana.click('camera');
  await alice.seesMoving('camera');

  await dana.click('leave');
  assert.deepEqual(await dana.endReason(), { key: 'left', code: 0, subCode: 0, text: 'You left the meeting' });
  await alice.missesInRoster(dana.name);
  await alice.missesVideo('camera');
  dana.hasNoProblems();
  alice.hasNoProblems();
  await alice.click('leave');
  assert.equal((await alice.endReason()).key, 'left');
}

/** A guest whose ICE is restarted in the middle of a call. */
export async function iceRestart(browser, service) {
  const alice = await organizer(browser, service);
  const dana = await guest(browser, service, 'Roaming guest');
  await dana.sees('lobby');
  await alice.admits(dana.name);
  await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
  const ufrag = () => dana.page.evaluate(() => /a=ice-ufrag:(\S+)/.exec(window.anteroom.pc.remoteDescription.sdp)[1]);
  const old = await ufrag();
  await dana.page.evaluate(() => window.anteroom.call.restartMedia());
  await dana.until('has new credentials', (before) => /a=ice-ufrag:(\S+)/.exec(window.anteroom.pc.remoteDescription.sdp)[1] !== before, old);
  await dana.until('is connected', () => window.anteroom.pc.connectionState === 'connected' && window.anteroom.pc.signalingState === 'stable');
  await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
  await Promise.all([alice.hears(), dana.hears()]);
  await dana.click('leave');
  await alice.click('leave');
}

/**
 * Everything that one person does to another: hand, reaction, mute, role, removal, rejection, the end for all.
 * @param {{guest: any, teams: any}} browsers
 */
export async function lookingAfter(browsers, service) {
  const alice = await organizer(browsers.teams, service);
  const dana = await guest(browsers.guest, service, 'Dana Whitfield');
  await dana.sees('lobby');
  await alice.admits(dana.name);
  await dana.sees('in-call');

  await dana.click('raise-hand');
  await alice.seesHand(dana.name, 1);
  await dana.click('raise-hand');
  await alice.seesHand(dana.name, 0);
  await dana.click('reactions');
  // It shows for three seconds.
  await Promise.all([alice.sees('reaction'), dana.click('react-like')]);

  await alice.hears();
  await alice.doesWith(dana.name, 'mute-participant');
  await dana.until('is muted', () => window.anteroom.local.muted);
  await alice.seesMuted(dana.name, true);
  await alice.hearsSilence();
  await dana.click('mute');
  await alice.seesMuted(dana.name, false);
  await alice.hears();

  await alice.doesWith(dana.name, 'make-attendee');
  await dana.until('is an attendee', () => window.anteroom.call.role === 'ROLE_ATTENDEE');
  await alice.seesInRoster(dana.name, 'Attendee');
  await alice.doesWith(dana.name, 'make-presenter');
  await dana.until('is a presenter', () => window.anteroom.call.role === 'ROLE_PRESENTER');

  await alice.removes(dana.name);
  assert.equal((await dana.endReason()).key, 'removed');
  await alice.missesInRoster(dana.name);

  const mallory = await guest(browsers.guest, service, 'Mallory');
  await alice.decides('reject', mallory.name);
  assert.equal((await mallory.endReason()).key, 'lobby_denied');

  const erin = await guest(browsers.guest, service, 'Erin');
  await alice.admits(erin.name);
  await erin.sees('in-call');
  await alice.click('end-meeting');
  await alice.click('end-meeting-confirm');
  for (const person of [erin, alice]) assert.equal((await person.endReason()).key, 'ended');
  for (const person of [alice, dana, mallory, erin]) person.hasNoProblems();
}
