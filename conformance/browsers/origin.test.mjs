/** No request leaves the machine, and the content security policy has nothing to forbid: whole calls, watched. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openBrowser } from './lib/browser.mjs';
import { guest } from './lib/flow.mjs';
import { Person } from './lib/person.mjs';
import { watched } from './lib/requests.mjs';
import { startService } from '../lib/service.mjs';

const PAGES = ['/', '/join', '/teams', '/admin'];

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

/** Somebody whose page is watched from the start. */
async function watchedPerson(name) {
  let watch;
  const page = await browser.person(async (fresh) => {
    watch = await watched(fresh);
  });
  return { person: new Person(name, page), watch };
}

test('a whole call asks nothing of any other origin, on both sides', async () => {
  const { person: alice, watch: hers } = await watchedPerson('Alice');
  await alice.open(`${service.origin}/teams`);
  await alice.signsInAndJoins(service.dev.users[0]);
  let its;
  const dana = await guest(browser, service, 'Dana Whitfield', {
    prepare: async (page) => {
      its = await watched(page);
    },
  });
  await dana.sees('lobby');
  await alice.admits(dana.name);
  await dana.sees('in-call');
  await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
  await Promise.all([alice.hears(), dana.hears()]);
  await dana.says('A link that nobody follows: https://example.com/picture.png');
  await alice.reads('A link that nobody follows: https://example.com/picture.png');
  await dana.click('share');
  await alice.seesMoving('screen');
  await dana.click('reactions');
  // It shows for three seconds.
  await Promise.all([alice.sees('reaction'), dana.click('react-love')]);
  for (const person of [alice, dana]) {
    const remote = await person.page.evaluate(async () =>
      [...(await window.anteroom.pc.getStats()).values()].filter(({ type }) => type === 'remote-candidate').map(({ address }) => address));
    assert.ok(remote.length > 0);
    assert.deepEqual(remote.filter((address) => address !== '127.0.0.1'), [], 'media goes to the service only');
    await person.click('leave');
    await person.endReason();
  }
  assert.ok(hers.requests.some((url) => url.startsWith('ws')), 'the signaling connection was seen');
  hers.stayed(service.origin, 'the Teams side');
  its.stayed(service.origin, 'the guest');
  for (const person of [alice, dana]) person.hasNoProblems();
});

test('neither do the front page and the administrators’ page', async () => {
  const { person, watch } = await watchedPerson('Alice');
  await person.open(service.origin);
  await person.until('knows how the service is', () => document.getElementById('status').textContent !== '');
  await person.open(`${service.origin}/admin`);
  await person.type('upn', service.dev.users[0].upn);
  await person.type('password', service.dev.users[0].password);
  await person.click('sign-in');
  await person.sees('apply');
  watch.stayed(service.origin, 'the administrators’ page');
  person.hasNoProblems();
});

test('the watch sees what it has to see', async () => {
  const { person, watch } = await watchedPerson('Mallory');
  await person.open(`${service.origin}/join`);
  await person.page.evaluate(async () => {
    await fetch('https://example.invalid/beacon').catch(() => {});
    new RTCPeerConnection({ iceServers: [{ urls: 'stun:example.invalid' }] }).close();
    const script = document.createElement('script');
    script.textContent = 'window.owned = true';
    document.body.append(script);
  });
  await person.until('was kept from it', () => window.owned === undefined);
  assert.ok(watch.foreign(service.origin).some((url) => url.startsWith('stun:')));
  const deadline = AbortSignal.timeout(10_000);
  while (!deadline.aborted && !['connect-src', 'script-src'].every((directive) => watch.policy.some((text) => text.includes(directive)))) {
    await person.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(resolve); }));
  }
  assert.ok(watch.policy.some((text) => text.includes('connect-src')), watch.policy.join('\n'));
  assert.ok(watch.policy.some((text) => text.includes('script-src')), watch.policy.join('\n'));
});

test('the policy of every page allows nothing inline, and the pages have nothing inline', async () => {
  for (const path of PAGES) {
    const response = await fetch(service.origin + path);
    assert.equal(response.status, 200);
    const policy = new Map(response.headers.get('content-security-policy').split(';').map((part) => {
      const [name, ...values] = part.trim().split(/\s+/);
      return [name, values];
    }));
    assert.deepEqual(policy.get('default-src'), ["'none'"], path);
    for (const name of ['script-src', 'style-src']) assert.deepEqual(policy.get(name), ["'self'"], `${path}: ${name}`);
    assert.deepEqual(policy.get('frame-ancestors'), ["'none'"], path);
    assert.deepEqual([...policy.values()].flat().filter((value) => /unsafe|\*|^https?:$/.test(value)), [], path);
    const html = await response.text();
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/i, `${path} has an inline script`);
    assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:/i, `${path} has something inline`);
    assert.doesNotMatch(html, /(?:src|href)="(?:https?:)?\/\//i, `${path} loads from elsewhere`);
  }
});
