/**
 * Chromium and Firefox with made-up cameras and microphones, each with an empty profile that is removed afterwards.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import puppeteer from 'puppeteer-core';

import { PATIENCE_MS } from '../../lib/service.mjs';

export { PATIENCE_MS };

export const CHROMIUM = process.env.ANTEROOM_CHROMIUM ?? '/usr/bin/chromium';
const FIREFOX = process.env.ANTEROOM_FIREFOX ?? '/usr/bin/firefox-esr';

export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  // Two pages in one browser: the one behind has to go on working.
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--disable-background-timer-throttling',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--auto-select-desktop-capture-source=Entire screen',
  '--autoplay-policy=no-user-gesture-required',
];

const FIREFOX_PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  'media.autoplay.default': 0,
  'permissions.default.camera': 1,
  'permissions.default.microphone': 1,
  // Devices are listed for the window in focus; here several people look at one screen.
  'media.devices.unfocused.enabled': true,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
};

/**
 * @param {'chromium'|'firefox'} kind
 * @param {{width?: number, height?: number, scale?: number, arguments?: string[], trusting?: boolean}} [options] `trusting`: of every
 *   certificate, for pages that speak to the service from another origin
 * @returns {Promise<{kind: string, person: (prepare?: (page: import('puppeteer-core').Page) => Promise<void>) => Promise<import('puppeteer-core').Page>, close: () => Promise<void>}>}
 *   `person` opens a page in a context of its own, as another person would have it
 */
export async function openBrowser(kind, { width = 1280, height = 800, scale = 1, arguments: more = [], trusting = false } = {}) {
  const profile = await mkdtemp(path.join(tmpdir(), `anteroom-${kind}-`));
  const browser = await puppeteer.launch({
    headless: true,
    // The service's own certificate, which nobody has signed.
    userDataDir: profile,
    defaultViewport: { width, height, deviceScaleFactor: scale },
    protocolTimeout: 2 * PATIENCE_MS,
    timeout: PATIENCE_MS,
    acceptInsecureCerts: trusting,
    ...(kind === 'firefox'
      ? { browser: 'firefox', executablePath: FIREFOX, extraPrefsFirefox: FIREFOX_PREFERENCES, args: more }
      : { browser: 'chrome', executablePath: CHROMIUM, args: [...CHROMIUM_ARGUMENTS, ...more] }),
  });
  return {
    kind,
    async person(prepare = async () => {}) {
      const context = await browser.createBrowserContext();
      // Of the pages in a window of Firefox only the one in front is seen, and is sent pictures: everybody has a window.
      const page = await context.newPage(kind === 'firefox' ? { type: 'window' } : {});
      page.setDefaultTimeout(PATIENCE_MS);
      page.kind = kind;
      page.problems = [];
      page.on('pageerror', (error) => page.problems.push(`${error}`));
      page.on('console', (message) => {
        if (message.type() === 'error') page.problems.push(message.text());
      });
      await prepare(page);
      return page;
    },
    async close() {
      // A page that is closed leaves its call; a browser that ends takes its pages along without a word, and whoever comes next
      // would meet their participants until the service misses them.
      const pages = await browser.pages().catch(() => []);
      const people = pages.filter((page) => page.browserContext() !== browser.defaultBrowserContext());
      await Promise.allSettled(people.map((page) => page.close()));
      await browser.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
