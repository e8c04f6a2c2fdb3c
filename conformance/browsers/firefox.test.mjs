/** The whole loop in Firefox. */

import { after, before, test } from 'node:test';

import { openBrowser } from './lib/browser.mjs';
import { wholeLoop } from './lib/flow.mjs';
import { startService } from './lib/service.mjs';

let service;
let browser;

before(async () => {
  service = await startService();
  browser = await openBrowser('firefox');
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

test('the whole loop: lobby, admission, audio, video, screen, chat, leaving', () => wholeLoop(browser, service));
