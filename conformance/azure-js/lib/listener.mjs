/**
 * A person with the chat client in a browser: a page of another origin in headless Chromium, driven through DevTools, which
 * also shows what goes over the wire.
 */

import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import puppeteer from 'puppeteer-core';

import { PATIENCE_MS } from '../../lib/service.mjs';
import { errorCode, record } from './results.mjs';
import { LABEL } from './sdk.mjs';

const CHROMIUM = process.env.ANTEROOM_CHROMIUM ?? '/usr/bin/chromium';

/**
 * A web application of another origin, and a browser to visit it with.
 * @param {string[]} [more] arguments for Chromium
 */
export async function openBrowser(more = []) {
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL('../page/main.js', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    logLevel: 'error',
  });
  const script = bundle.outputFiles[0].text;
  const server = createServer((request, response) => {
    const page = request.url === '/';
    const known = page || request.url === '/main.js';
    response.writeHead(known ? 200 : 404, { 'content-type': page ? 'text/html; charset=utf-8' : 'text/javascript' });
    response.end(page ? '<!doctype html><title>app</title><script src="/main.js"></script>' : known ? script : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const profile = await mkdtemp(path.join(tmpdir(), 'anteroom-chromium-'));
  const browser = await puppeteer.launch({
    headless: true,
    userDataDir: profile,
    executablePath: CHROMIUM,
    acceptInsecureCerts: true,
    protocolTimeout: 2 * PATIENCE_MS,
    timeout: PATIENCE_MS,
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
      '--disable-renderer-backgrounding',
      '--disable-backgrounding-occluded-windows',
      '--disable-background-timer-throttling',
      ...more,
    ],
  });
  const origin = `http://127.0.0.1:${server.address().port}/`;
  return {
    listener: (options) => Listener.open(browser, origin, options),
    async close() {
      await browser.close();
      server.close();
      server.closeAllConnections();
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

export class Listener {
  /** Events in the order they came: `{name, event}`. */
  heard = [];
  /** Socket frames: `{direction: 'in'|'out', text}`. */
  frames = [];
  /** Requests with their answers: `{method, target, status}`. */
  requests = [];
  #page;
  #service;
  /** Answers that the service had before this one listened. */
  #answeredBefore;
  #wake = new Set();
  #label;
  #context;

  /**
   * @param {import('puppeteer-core').Browser} browser
   * @param {string} origin of the page
   * @param {{endpoint: string, token: () => string | Promise<string>, service: import('./sdk.mjs').Sdk, polling?: boolean}} options
   *   `polling`: a browser (or a proxy) without WebSocket
   */
  static async open(browser, origin, { endpoint, token, service, polling = false }) {
    const listener = new Listener();
    listener.#service = service;
    listener.#answeredBefore = await service.answered();
    listener.#label = `${LABEL.chat} in Chromium, ${polling ? 'polling' : 'WebSocket'}`;
    listener.#context = await browser.createBrowserContext();
    const page = await listener.#context.newPage();
    listener.#page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    await page.exposeFunction('report', (name, event) => listener.#report(name, event));
    await page.exposeFunction('token', async () => ({ token: await token(), expiresOnTimestamp: Date.now() + 3600_000 }));
    if (polling) await page.evaluateOnNewDocument(() => delete window.WebSocket);
    await listener.#watch();
    await page.goto(origin);
    await page.waitForFunction('window.ready');
    await page.evaluate((at) => window.start(at), endpoint);
    await listener.event('realTimeNotificationConnected');
    return listener;
  }

  /**
   * The first event of this name, from now on or heard already, for which `wanted` is true.
   * @param {string} name
   * @param {(event: any) => boolean} [wanted]
   */
  async event(name, wanted = () => true) {
    const found = () => this.heard.find((one) => one.name === name && wanted(one.event))?.event;
    await this.until(() => found() !== undefined, name);
    return found();
  }

  /** Waits until something that is heard or seen on the wire makes this true. */
  async until(condition, what) {
    const late = AbortSignal.timeout(PATIENCE_MS);
    while (!condition()) {
      if (late.aborted) {
        throw new Error(
          `never: ${what}; heard: ${JSON.stringify(this.heard.slice(-5))}; frames: ${JSON.stringify(this.frames.slice(-8))}`,
        );
      }
      await new Promise((resolve) => {
        this.#wake.add(resolve);
        late.addEventListener('abort', resolve, { once: true });
      });
    }
  }

  /** How often an event was heard. */
  count(name, wanted = () => true) {
    return this.heard.filter((one) => one.name === name && wanted(one.event)).length;
  }

  /** Answers of the client to notifications, in order: their status. */
  answers() {
    return this.frames
      .filter(({ direction, text }) => direction === 'out' && text.startsWith('3:::'))
      .map(({ text }) => JSON.parse(text.slice(4)).status);
  }

  /**
   * Waits until the service has the client's answers to everything that was heard: what is cut now is not repeated. Only for
   * a client that listens alone. Frames do not tell: a pong may belong to a ping of before the answer, after which no other
   * ping goes.
   */
  async settled() {
    const heard = this.heard.filter(({ name }) => !name.startsWith('realTimeNotification')).length;
    const late = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const answered = (await this.#service.answered()) - this.#answeredBefore;
      if (answered >= heard) return;
      if (late.aborted) throw new Error(`${heard} events were heard, ${answered} answers have come`);
    }
  }

  stop() {
    return this.#page.evaluate(() => window.stop());
  }

  again() {
    return this.#page.evaluate(() => window.listen());
  }

  close() {
    return this.#context.close();
  }

  async #watch() {
    const origin = (url) => new URL(url).pathname + new URL(url).search;
    this.#page.on('response', async (response) => {
      const method = response.request().method();
      if (method === 'OPTIONS' || response.url().startsWith('http://127.0.0.1')) return;
      const code = response.status() >= 400 ? errorCode(await response.text().catch(() => '')) : null;
      this.#see(method, origin(response.url()), response.status(), code);
    });
    const devtools = await this.#page.createCDPSession();
    await devtools.send('Network.enable');
    const sockets = new Map();
    devtools.on('Network.webSocketCreated', ({ requestId, url }) => sockets.set(requestId, url));
    devtools.on('Network.webSocketHandshakeResponseReceived', ({ requestId, response }) =>
      this.#see('GET', origin(sockets.get(requestId)), response.status, null));
    for (const [direction, name] of [['in', 'Network.webSocketFrameReceived'], ['out', 'Network.webSocketFrameSent']]) {
      devtools.on(name, ({ response }) => {
        this.frames.push({ direction, text: response.payloadData });
        this.#stir();
      });
    }
  }

  #see(method, target, status, code) {
    record(this.#label, method, target, status, code);
    this.requests.push({ method, target, status });
    this.#stir();
  }

  #report(name, event) {
    record(this.#label, 'EVENT', `/${name}`, 200);
    this.heard.push({ name, event });
    this.#stir();
  }

  #stir() {
    for (const wake of this.#wake) wake();
    this.#wake.clear();
  }
}
