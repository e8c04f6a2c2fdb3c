/**
 * A person in front of somebody else's app: what they do by its own buttons, what they see, and hear through whatever
 * `RTCPeerConnection`s the page has made. Works in a page of puppeteer and in one of Playwright.
 */

import assert from 'node:assert/strict';

import { PATIENCE_MS } from '../../lib/service.mjs';

/** Frames that prove a moving picture. */
const FRAMES = 20;
/** Growth of `totalAudioEnergy` that proves sound. */
const ENERGY = 1e-4;

/** Before the page's own scripts: keeps its peer connections for us, and counts frames. */
export function observed() {
  const connections = (window.connections = []);
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(...options) {
      super(...options);
      connections.push(this);
    }
  };
  /** Frames that a video has shown, as far as is known. Firefox by itself counts none of what is live. */
  window.framesOf = (video) => {
    if (video.framesSeen === undefined) {
      video.framesSeen = 0;
      const count = () => {
        video.framesSeen += 1;
        video.requestVideoFrameCallback(count);
      };
      video.requestVideoFrameCallback(count);
    }
    return Math.max(video.framesSeen, video.getVideoPlaybackQuality().totalVideoFrames);
  };
}

export class Visitor {
  /**
   * @param {string} name
   * @param {any} page
   * @param {string[]} origins what the page may speak to
   */
  constructor(name, page, origins) {
    this.name = name;
    this.page = page;
    this.strangers = [];
    const allowed = new Set(origins.flatMap((origin) => [origin, origin.replace(/^http/, 'ws')]));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (['data:', 'blob:', 'about:'].includes(url.protocol)) return;
      if (!allowed.has(url.origin)) this.strangers.push(request.url());
    });
  }

  /** Waits until `condition`, run in the page, is true. */
  async until(what, condition, argument) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      // A page on its way elsewhere has no answer.
      if (await this.page.evaluate(condition, argument).catch(() => false)) return;
      if (Date.now() > deadline) throw new Error(`${this.name} ${what}: it did not happen\n${await this.shown()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** What the page showed instead. */
  async shown() {
    const text = await this.page.evaluate(() => document.body.innerText).catch(() => '');
    return `shown: ${JSON.stringify(text)}\nproblems: ${JSON.stringify(this.page.problems)}`;
  }

  /** Waits for something visible. @param {string} selector */
  async sees(selector) {
    await this.until(
      `sees ${selector}`,
      (wanted) => [...document.querySelectorAll(wanted)].some((one) => one.checkVisibility({ visibilityProperty: true })),
      selector,
    );
  }

  async misses(selector) {
    await this.until(`no longer sees ${selector}`, (wanted) => document.querySelector(wanted) === null, selector);
  }

  /** Waits until the page, or `selector` in it, has `text`. */
  async reads(text, selector = 'body') {
    await this.until(
      `reads "${text}"`,
      ([wanted, where]) => [...document.querySelectorAll(where)].some((one) => one.innerText.includes(wanted)),
      [text, selector],
    );
  }

  async click(selector) {
    await this.sees(selector);
    await this.until(
      `finds ${selector} enabled`,
      (wanted) => document.querySelector(`:is(${wanted}):not(:disabled, [aria-disabled="true"])`) !== null,
      selector,
    );
    // What slides in is elsewhere by the time the mouse has come.
    await this.until(
      `finds ${selector} at rest`,
      (wanted) => {
        const { x, y, width, height } = document.querySelector(wanted).getBoundingClientRect();
        const place = `${wanted} ${x} ${y} ${width} ${height}`;
        const before = window.restingPlace;
        window.restingPlace = place;
        return place === before;
      },
      selector,
    );
    if (this.page.kind === 'firefox') await this.page.bringToFront();
    await this.page.click(selector);
  }

  async type(selector, text) {
    await this.sees(selector);
    if (this.page.kind === 'firefox') await this.page.bringToFront();
    await this.page.type(selector, text);
  }

  /** Puts a long text into a field at once: key by key takes its time. */
  async fills(selector, text) {
    await this.sees(selector);
    await this.page.evaluate(([where, value]) => (document.querySelector(where).value = value), [selector, text]);
  }

  /** Waits until a video that `selector` finds shows new frames of a picture. Elements come and go with the layout. */
  async seesMoving(selector, { count = 1 } = {}) {
    const start = await this.page.evaluate(framesShown, selector);
    await this.until(`sees ${count} × ${selector} move`, moving, { selector, count, start, frames: FRAMES });
  }

  /** Waits until what is played grows louder than silence. */
  async hears() {
    const before = await this.page.evaluate(sound);
    await this.until('hears the other', louder, before + ENERGY);
  }

  /**
   * Fails when the page reported errors, or spoke to anybody but its server and the service.
   * @param {{but?: RegExp}} [options] `but`: errors that belong to what was done
   */
  isContent({ but } = {}) {
    assert.deepEqual(this.page.problems.filter((problem) => !but?.test(problem)), [], `${this.name}'s page reported errors`);
    assert.deepEqual(this.strangers, [], `${this.name}'s page spoke to others`);
  }
}

// What follows runs in the page, one function at a time.

/* eslint-env browser */

/** Frames shown so far, by element; the elements are numbered for us. */
function framesShown(selector) {
  const shown = {};
  for (const video of document.querySelectorAll(selector)) {
    video.dataset.number ??= String((window.numbered = (window.numbered ?? 0) + 1));
    shown[video.dataset.number] = window.framesOf(video);
  }
  return shown;
}

function moving({ selector, count, start, frames }) {
  const videos = [...document.querySelectorAll(selector)].filter((video) => {
    const more = window.framesOf(video) - (start[video.dataset.number] ?? 0);
    return more >= frames && video.videoWidth > 0 && video.clientWidth > 0 && video.clientHeight > 0;
  });
  return videos.length === count;
}

/** Energy of everything heard so far. */
async function sound() {
  let energy = 0;
  for (const connection of window.connections ?? []) {
    for (const entry of (await connection.getStats()).values()) {
      if (entry.type === 'inbound-rtp' && entry.kind === 'audio') energy += entry.totalAudioEnergy ?? 0;
    }
  }
  return energy;
}

async function louder(wanted) {
  let energy = 0;
  for (const connection of window.connections ?? []) {
    for (const entry of (await connection.getStats()).values()) {
      if (entry.type === 'inbound-rtp' && entry.kind === 'audio') energy += entry.totalAudioEnergy ?? 0;
    }
  }
  return energy > wanted;
}
