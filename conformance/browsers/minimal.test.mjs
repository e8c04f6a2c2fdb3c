/** The shortest page (`web/examples/minimal`) in Chromium and Firefox, against the service. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';

import { user } from './lib/back_end.mjs';
import { openBrowser } from './lib/browser.mjs';
import { serveFolder } from './lib/example.mjs';
import { organizer } from './lib/flow.mjs';
import { Visitor, observed } from './lib/visitor.mjs';
import { WEB, prepare } from './prepare.mjs';
import { startService } from '../lib/service.mjs';

const REMOTE = '#others video';

let service;
let example;
const open = [];

before(async () => {
  await prepare(['examples/minimal']);
  service = await startService();
  example = await serveFolder('minimal');
});

after(async () => {
  await example?.stop();
  await service?.stop();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((browser) => browser.close()));
});

async function start(kind) {
  const browser = await openBrowser(kind, { trusting: true });
  open.push(browser);
  return browser;
}

async function visitor(browser, name, link = service.dev.meeting.join_url) {
  const page = await browser.person((prepared) => prepared.evaluateOnNewDocument(observed));
  const person = new Visitor(name, page, [example.origin, service.dev.endpoint]);
  await page.goto(example.origin);
  const { token } = await user(service);
  await person.fills('[name="token"]', token);
  await person.fills('[name="link"]', link);
  await person.fills('[name="name"]', name);
  await person.click('#door button');
  return person;
}

for (const kind of ['chromium', 'firefox']) {
  test(`in, seen, heard, muted, out: ${kind}`, async () => {
    const alice = await organizer(await start('chromium'), service);
    const vera = await visitor(await start(kind), 'Short visitor');
    await vera.reads('InLobby', '#state');
    await alice.admits(vera.name);
    await vera.reads('Connected', '#state');
    await Promise.all([alice.seesMoving('camera'), vera.seesMoving(REMOTE)]);
    await Promise.all([alice.hears(), vera.hears()]);

    await vera.click('#mute');
    await vera.reads('Unmute', '#mute');
    await alice.seesMuted(vera.name, true);
    await alice.hearsSilence();

    await alice.click('share');
    await vera.seesMoving(REMOTE, { count: 2 });
    await alice.click('share');
    await vera.seesMoving(REMOTE);

    await vera.click('#leave');
    await vera.reads('Disconnected (0/0)', '#state');
    await alice.missesInRoster(vera.name);
    vera.isContent();
    alice.hasNoProblems();
    await alice.click('leave');
  });
}

test('a link to nowhere ends the call with its numbers', async () => {
  const vera = await visitor(await start('chromium'), 'Lost visitor', `${service.dev.endpoint}/meet/100000000000009?p=wrong`);
  await vera.reads('Disconnected (404/5751)', '#state');
});

test('it is as short as it says', async () => {
  const lines = (await readFile(path.join(WEB, 'examples', 'minimal', 'main.js'), 'utf8')).split('\n').length - 1;
  assert.ok(lines <= 60, `${lines} lines`);
});
