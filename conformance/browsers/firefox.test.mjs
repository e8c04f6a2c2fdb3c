/** The whole loop with Firefox. */

import { after, afterEach, before, test } from 'node:test';

import { openBrowser } from './lib/browser.mjs';
import { iceRestart, wholeLoop } from './lib/flow.mjs';
import { drawnScreen } from './lib/pictures.mjs';
import { startService } from '../lib/service.mjs';

let service;
const open = [];

before(async () => {
  service = await startService();
});

after(async () => {
  await service?.stop();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((browser) => browser.close()));
});

/** @param {'chromium'|'firefox'} kind */
async function start(kind) {
  const browser = await openBrowser(kind);
  open.push(browser);
  // Without a display Firefox has no screen to share.
  return kind === 'firefox' ? { ...browser, prepareGuest: drawnScreen } : browser;
}

test('the whole loop in Firefox: lobby, admission, audio, video, screen, chat, leaving', async () => {
  const firefox = await start('firefox');
  await wholeLoop({ guest: firefox, teams: firefox }, service);
});

test('a guest in Firefox, the Teams side in Chromium', async () => {
  await wholeLoop({ guest: await start('firefox'), teams: await start('chromium') }, service);
});

test('media is set up again after an ICE restart in Firefox', async () => {
  await iceRestart(await start('firefox'), service);
});
