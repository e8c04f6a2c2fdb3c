/** The whole loop in Firefox. */

import { after, before, test } from 'node:test';

import { openBrowser } from './lib/browser.mjs';
import { wholeLoop } from './lib/flow.mjs';
import { drawnScreen } from './lib/pictures.mjs';
import { startService } from './lib/service.mjs';

let service;
let browser;

before(async () => {
  // Without a display there is no screen to share.
  service = { ...(await startService()), prepareGuest: prepare };
  browser = await openBrowser('firefox');
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

async function prepare(page) {
  await drawnScreen(page);
}

test('the whole loop: lobby, admission, audio, video, screen, chat, leaving', () => wholeLoop(browser, service));
