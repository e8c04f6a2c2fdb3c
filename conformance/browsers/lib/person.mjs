/**
 * A person in front of one of the pages: what they do, and what they see and hear.
 */

import assert from 'node:assert/strict';

import { PATIENCE_MS } from './browser.mjs';

/** Decoded frames that prove a moving picture. */
const FRAMES = 20;
/** Growth of `totalAudioEnergy` (squared full scale × seconds) that proves sound; silence adds nothing. */
const ENERGY = 1e-4;
/** Packets over which a muted microphone has to stay silent. */
const SILENT_PACKETS = 60;

const at = (testid) => `[data-testid="${testid}"]`;

export class Person {
  /**
   * @param {string} name
   * @param {import('puppeteer-core').Page} page
   */
  constructor(name, page) {
    this.name = name;
    this.page = page;
  }

  /** @param {string} url */
  async open(url) {
    await this.page.goto(url, { waitUntil: 'domcontentloaded' });
  }

  /** Waits for a visible element. */
  async sees(testid) {
    return this.#explained(`sees ${testid}`, () => this.page.waitForSelector(at(testid), { visible: true }));
  }

  async click(testid) {
    await this.#inFront();
    const element = await this.sees(testid);
    await this.#explained(`finds ${testid} enabled`, () =>
      this.page.waitForFunction((node) => !node.disabled, { polling: 100 }, element));
    await this.#explained(`clicks ${testid}`, () => element.click());
  }

  async type(testid, text) {
    await this.#inFront();
    const field = await this.sees(testid);
    await field.type(text);
  }

  /** How many elements there are right now. */
  async count(testid) {
    return (await this.page.$$(at(testid))).length;
  }

  /**
   * Waits until `condition` (run in the page, may be async) is true.
   * @param {string} what for the error message
   * @param {(...args: any[]) => unknown} condition
   */
  async until(what, condition, ...args) {
    return this.#explained(what, () => this.page.waitForFunction(condition, { polling: 100, timeout: PATIENCE_MS }, ...args));
  }

  /** Guest: enters the name and asks to join. */
  async asksToJoin() {
    await this.type('name', this.name);
    await this.click('join');
  }

  /** Teams side: signs in, joins the first meeting of the calendar. */
  async signsInAndJoins({ upn, password }) {
    await this.type('upn', upn);
    await this.type('password', password);
    await this.click('sign-in');
    await this.sees('meeting-item');
    await this.click('join');
    await this.sees('in-call');
  }

  /** Teams side: lets somebody in. */
  async admits(name) {
    await this.decides('admit', name);
  }

  /** Teams side: presses `admit` or `reject` beside a name. */
  async decides(decision, name) {
    await this.#inItem('lobby-item', name, decision);
  }

  /** Teams side: removes somebody from the call. */
  async removes(name) {
    await this.#inItem('roster-item', name, 'remove');
  }

  /** Chooses an action from the menu beside somebody's name. */
  async doesWith(name, action) {
    await this.#inItem('roster-item', name, 'person-menu');
    await this.click(action);
  }

  /** Chooses an action from the menu for the whole meeting. */
  async doesInMeeting(action) {
    await this.click('meeting-menu');
    await this.click(action);
  }

  /** Waits until the roster shows `name` with a raised hand, as number `place`; 0 is no hand. */
  async seesHand(name, place) {
    await this.until(`sees ${name} with hand ${place}`, (wanted, value) =>
      [...document.querySelectorAll('[data-testid="roster-item"]')].some((item) => item.textContent.includes(wanted) && item.dataset.hand === value), name, String(place));
  }

  /** RTP packets sent or received so far. @param {'outbound-rtp'|'inbound-rtp'} direction */
  async packets(direction) {
    return this.page.evaluate(async (type) => {
      let sum = 0;
      for (const entry of (await window.anteroom.pc.getStats()).values()) {
        if (entry.type === type) sum += (type === 'outbound-rtp' ? entry.packetsSent : entry.packetsReceived) ?? 0;
      }
      return sum;
    }, direction);
  }

  /** @param {{all?: string}} [options] `all`: the whole message, when the field has something in it already */
  async says(text, { all = text } = {}) {
    await this.type('chat-input', text);
    await this.click('chat-send');
    await this.reads(all);
  }

  async seesTyping(name) {
    await this.until(`sees ${name} type`, (who) => document.querySelector('[data-testid="typing"]')?.textContent.includes(who), name);
  }

  /** Waits until it is said of the last own message that somebody has read it. */
  async seesReadBy(name) {
    await this.until(`sees that ${name} has read`, (who) => document.querySelector('[data-testid="seen-by"]')?.textContent.includes(who), name);
  }

  async reads(text) {
    await this.until(`reads "${text}"`, (wanted) =>
      [...document.querySelectorAll('[data-testid="chat-message"] .message-text')].some((message) => message.textContent === wanted), text);
  }

  /** Waits until the roster shows `name`; with `detail` among the text of that line. */
  async seesInRoster(name, detail = '') {
    await this.until(`sees ${name} ${detail} in the roster`, (wanted, more) =>
      [...document.querySelectorAll('[data-testid="roster-item"]')].some((item) => item.textContent.includes(wanted) && item.textContent.includes(more)), name, detail);
  }

  async missesInRoster(name) {
    await this.until(`no longer sees ${name} in the roster`, (wanted) =>
      ![...document.querySelectorAll('[data-testid="roster-item"]')].some((item) => item.textContent.includes(wanted)), name);
  }

  /** Waits until the roster shows `name` as muted or not. */
  async seesMuted(name, muted) {
    await this.until(`sees ${name} ${muted ? 'muted' : 'unmuted'}`, (wanted, value) =>
      [...document.querySelectorAll('[data-testid="roster-item"]')].some((item) => item.textContent.includes(wanted) && item.dataset.muted === value), name, String(muted));
  }

  /**
   * Waits until exactly one tile shows somebody's camera or screen, new frames of it keep being decoded, and the picture
   * changes.
   * @param {'camera'|'screen'} source
   */
  async seesMoving(source) {
    await this.until(`sees one ${source}`, (kind) => document.querySelectorAll(`[data-testid="tile-video"][data-source="${kind}"]`).length === 1, source);
    const start = await this.page.evaluate(framesDecoded, source);
    await this.until(`sees frames of the ${source}`, `(${framesDecoded})(${JSON.stringify(source)}).then((frames) => frames >= ${start + FRAMES})`);
    await this.until(`sees a picture of the ${source}`, (kind) => document.querySelector(`[data-testid="tile-video"][data-source="${kind}"]`).videoWidth > 0, source);
  }

  /** Waits until the first picture of `source` is another one than before. */
  async seesChange(source) {
    const first = await this.page.evaluate(fingerprint, source);
    await this.until(`sees the ${source} move`, `(${fingerprint})(${JSON.stringify(source)}) !== ${JSON.stringify(first)}`);
  }

  /** Waits until no tile shows a camera or screen any more. */
  async missesVideo(source) {
    await this.until(`no longer sees a ${source}`, (kind) => document.querySelector(`[data-testid="tile-video"][data-source="${kind}"]`) === null, source);
  }

  /** Waits until what is played grows louder than silence. */
  async hears() {
    const { energy } = await this.page.evaluate(sound);
    await this.until('hears the other', `(${sound})().then(({ energy }) => energy > ${energy + ENERGY})`);
  }

  /** Waits until packets keep coming and none brings sound. Of whom others have muted only pictures come. */
  async hearsSilence() {
    await this.until('hears silence', `(${silence})(${SILENT_PACKETS})`);
  }

  /** Waits for the end page; returns its key, text and codes. */
  async endReason() {
    await this.sees('end-reason');
    return this.page.$eval(at('end-reason'), ({ dataset, textContent }) => ({
      key: dataset.key,
      code: Number(dataset.code),
      subCode: Number(dataset.subCode),
      text: textContent.trim(),
    }));
  }

  /** Fails when the page has reported errors (a violated content security policy is one). */
  hasNoProblems() {
    assert.deepEqual(this.page.problems, [], `${this.name}'s page reported errors`);
  }

  /** Firefox draws, and takes clicks, only in the page in front. */
  async #inFront() {
    if (this.page.kind === 'firefox') await this.page.bringToFront();
  }

  async #inItem(item, name, action) {
    await this.#inFront();
    const selector = `${at(item)}:has(${at(action)})`;
    await this.until(`finds ${name} to ${action}`, (wanted, items) =>
      [...document.querySelectorAll(items)].some((one) => one.textContent.includes(wanted)), name, selector);
    for (const one of await this.page.$$(selector)) {
      if (!(await one.evaluate((node, wanted) => node.textContent.includes(wanted), name))) continue;
      await (await one.$(at(action))).click();
      return;
    }
    assert.fail(`${name} went away before ${this.name} could ${action}`);
  }

  /** Says on failure who wanted what, and what the page showed instead. */
  async #explained(what, action) {
    try {
      return await action();
    } catch (error) {
      const shown = await this.page
        .evaluate(() => ({ text: document.body.innerText, state: window.anteroom?.call?.state, media: window.anteroom?.pc?.connectionState }))
        .catch(() => null);
      throw new Error(
        `${this.name} ${what}: ${error.message}\nshown: ${JSON.stringify(shown)}\nproblems: ${JSON.stringify(this.page.problems)}`,
        { cause: error },
      );
    }
  }
}

// What follows runs in the page.

/* eslint-env browser */

/** Frames decoded so far for the tile that shows a camera or a screen; -1 without one. */
async function framesDecoded(source) {
  const video = document.querySelector(`[data-testid="tile-video"][data-source="${source}"]`);
  const track = video?.srcObject?.getTracks()[0];
  const receiver = window.anteroom.pc?.getReceivers().find((one) => one.track === track);
  if (!receiver) return -1;
  for (const entry of (await receiver.getStats()).values()) {
    if (entry.type === 'inbound-rtp' && entry.kind === 'video') return entry.framesDecoded ?? 0;
  }
  return 0;
}

/** The picture, small, as text. */
function fingerprint(source) {
  const video = document.querySelector(`[data-testid="tile-video"][data-source="${source}"]`);
  const canvas = document.createElement('canvas');
  canvas.width = 32;
  canvas.height = 18;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  return [...context.getImageData(0, 0, canvas.width, canvas.height).data].map((value) => value >> 3).join();
}

/** Energy and packets of everything heard so far. */
async function sound() {
  const sum = { energy: 0, packets: 0 };
  for (const entry of ((await window.anteroom.pc?.getStats()) ?? new Map()).values()) {
    if (entry.type !== 'inbound-rtp' || entry.kind !== 'audio') continue;
    sum.energy += entry.totalAudioEnergy ?? 0;
    sum.packets += entry.packetsReceived ?? 0;
  }
  return sum;
}

/** Whether nothing was heard over the last `packets` packets; call repeatedly. */
async function silence(packets) {
  const now = { energy: 0, packets: 0 };
  for (const entry of (await window.anteroom.pc.getStats()).values()) {
    if (entry.type !== 'inbound-rtp') continue;
    now.energy += entry.totalAudioEnergy ?? 0;
    now.packets += entry.packetsReceived ?? 0;
  }
  const then = (window.silentSince ??= now);
  if (now.energy - then.energy > 1e-6) window.silentSince = now;
  return now.packets - then.packets >= packets && now.energy - then.energy <= 1e-6;
}
