/** The whole way into a meeting and out of it with Tab, Enter and Space alone, on both pages. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openBrowser } from './lib/browser.mjs';
import { Keyboard } from './lib/keyboard.mjs';
import { Person } from './lib/person.mjs';
import { startService } from '../lib/service.mjs';

let service;
let browser;

before(async () => {
  service = await startService();
  browser = await openBrowser('chromium');
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

async function arrives(name, path) {
  const person = new Person(name, await browser.person());
  await person.open(service.origin + path);
  return { person, keys: new Keyboard(person) };
}

test('a guest and the one who lets it in, without a mouse', async () => {
  const { person: alice, keys: hers } = await arrives('Alice', '/teams');
  const { upn, password } = service.dev.users[0];
  await hers.types('upn', upn);
  await hers.types('password', password);
  await hers.presses('sign-in', 'Enter');
  await hers.presses('join', 'Space');
  await alice.sees('in-call');

  const { person: dana, keys: its } = await arrives('Keyboard guest', `/join?link=${encodeURIComponent(service.dev.meeting.join_url)}`);
  await its.types('name', dana.name);
  await its.presses('join', 'Enter');
  await dana.sees('lobby');
  await its.tabsTo('leave');

  await hers.presses('admit', 'Enter');
  await dana.sees('in-call');
  await its.presses('mute', 'Space');
  await alice.seesMuted(dana.name, true);
  await its.presses('mute', 'Enter');
  await alice.seesMuted(dana.name, false);
  await its.presses('raise-hand', 'Space');
  await alice.seesHand(dana.name, 1);
  await its.presses('reactions', 'Enter');
  // It shows for three seconds.
  await Promise.all([alice.sees('reaction'), its.presses('react-like', 'Enter')]);
  await its.types('chat-input', 'typed without a mouse');
  await dana.page.keyboard.press('Enter');
  await alice.reads('typed without a mouse');
  await its.presses('leave', 'Enter');
  assert.equal((await dana.endReason()).key, 'left');
  await its.presses('rejoin', 'Space');
  await dana.sees('join');

  await hers.presses('end-meeting', 'Enter');
  await hers.presses('end-meeting-confirm', 'Enter');
  assert.equal((await alice.endReason()).key, 'ended');
});

test('the page of a guest begins where one types, and every stop on the way shows', async () => {
  const { person: dana, keys } = await arrives('Keyboard guest', `/join?link=${encodeURIComponent(service.dev.meeting.join_url)}`);
  await dana.sees('join');
  assert.equal((await keys.visibleFocus())?.testid, 'name');
  const seen = new Set();
  for (let stop = 0; stop < 25; stop += 1) {
    const at = await keys.visibleFocus();
    if (at) {
      if (seen.has(at.html) && at.testid === 'name') break;
      seen.add(at.html);
    }
    await dana.page.keyboard.press('Tab');
  }
  assert.ok(keys.stops.includes('join'), keys.stops.join(' → '));
  for (const device of ['mic', 'camera']) {
    assert.ok(keys.stops.includes(`preview-${device}`), `the ${device} can be turned off: ${keys.stops.join(' → ')}`);
  }
});
