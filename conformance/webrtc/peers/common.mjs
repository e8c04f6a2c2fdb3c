/** What the peers in Node share: lines of JSON in and out, what is heard and seen, files of frames. */

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export const WIDTH = 320;
export const HEIGHT = 240;
export const PICTURES_A_SECOND = 15;
export const RATE = 48_000;
/** Pixels; what is looked at is the upper left of the picture. */
const CORNER = 16;
/** Seconds of sound by which its pitch is told. */
const WINDOW = 0.4;
/** Length (u32) and RTP timestamp (u64) of a frame in a file. */
const HEAD_BYTES = 12;
const STATS_EVERY_MS = 250;

/** What this run is to do. */
export const wish = JSON.parse(process.argv[2]);

export const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

/**
 * Does what the suite asks for, in its order, until it ends.
 * @param {{offer: () => Promise<string>, restart?: () => Promise<string>, again?: () => Promise<string>,
 *   answer: (sdp: string) => Promise<void>, stats: () => Promise<{audio: object, video: object}>}} peer
 *   `offer`, `restart` (of ICE) and `again` (another connection) return descriptions
 */
export async function serve(peer) {
  say('offer', { sdp: await peer.offer() });
  const report = async () => {
    say('stats', await peer.stats());
    setTimeout(report, STATS_EVERY_MS).unref();
  };
  report();
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    if (command.do === 'answer') await peer.answer(command.sdp);
    else if (command.do === 'end') break;
    else say('offer', { sdp: await peer[command.do]() });
  }
  process.exit(0);
}

/** The pitch of what was decoded last, from how often it goes through zero. */
export class Sound {
  frames = 0;
  #rate = 0;
  /** The latest samples, in a ring: this runs for every frame, whose queue must not grow. */
  #ring = new Int16Array(0);
  #added = 0;

  /** @param {Int16Array} samples interleaved @param {number} rate @param {number} channels the first one counts */
  add(samples, rate, channels) {
    this.frames += 1;
    if (rate !== this.#rate) {
      this.#rate = rate;
      this.#ring = new Int16Array(rate * WINDOW);
      this.#added = 0;
    }
    for (let at = 0; at < samples.length; at += channels) this.#ring[this.#added++ % this.#ring.length] = samples[at];
  }

  get hz() {
    const { length } = this.#ring;
    if (length === 0 || this.#added < length) return 0;
    let rising = 0;
    let [least, most] = [0, 0];
    let before = this.#ring[this.#added % length];
    for (let at = 1; at < length; at += 1) {
      const sample = this.#ring[(this.#added + at) % length];
      if (before < 0 && sample >= 0) rising += 1;
      least = Math.min(least, sample);
      most = Math.max(most, sample);
      before = sample;
    }
    return most - least < 1000 ? 0 : Math.round(rising / WINDOW);
  }
}

/** How bright the corner of the picture decoded last was. */
export class Picture {
  frames = 0;
  luma = 0;

  /** @param {Uint8Array} plane of luma @param {number} stride */
  add(plane, stride) {
    this.frames += 1;
    let sum = 0;
    for (let row = 0; row < CORNER; row += 1) for (let at = 0; at < CORNER; at += 1) sum += plane[row * stride + at];
    this.luma = Math.round(sum / CORNER ** 2);
  }
}

/** Frames of a file, again and again. */
export class Frames {
  #frames = [];
  #at = 0;

  constructor(path) {
    const data = readFileSync(path);
    for (let at = 0; at < data.length; ) {
      const length = data.readUInt32LE(at);
      this.#frames.push(data.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length));
      at += HEAD_BYTES + length;
    }
  }

  next() {
    const frame = this.#frames[this.#at];
    this.#at = (this.#at + 1) % this.#frames.length;
    return frame;
  }

  /** The first picture stands for itself. */
  rewind() {
    this.#at = 0;
  }
}

/** Where frames that arrived are written. */
export class Record {
  #path;

  constructor(path) {
    this.#path = path;
    writeFileSync(path, '');
  }

  add(frame, timestamp) {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(frame.length);
    head.writeBigUInt64LE(BigInt(timestamp), 4);
    appendFileSync(this.#path, Buffer.concat([head, frame]));
  }
}

/** Calls `tick(number)` so often in a second, catching up when it was late; returns what `clearInterval` takes. */
export function every(hz, tick) {
  const start = performance.now();
  let number = 0;
  return setInterval(() => {
    while (start + (number * 1000) / hz <= performance.now()) tick(number++);
  }, 5);
}
