/**
 * A crowd: participants of one meeting without browsers. They join the real service over its signaling, each says that
 * it has a microphone and a camera by an offer that a browser could have made, and none of them ever sends media. What a
 * page has to bear of a large meeting (roster, tracks, comings and goings) is all there; what it costs to decode is not.
 */

import { once } from 'node:events';

import { WebSocket } from 'ws';

import { user } from './back_end.mjs';
import { PATIENCE_MS } from './browser.mjs';

/** Connections that are being made at a time. */
const AT_A_TIME = 16;
const MICROPHONE = 'TRACK_SOURCE_MICROPHONE';
const CAMERA = 'TRACK_SOURCE_CAMERA';

/** One participant of the crowd. */
class Extra {
  #socket;
  #nextId = 1;
  #unanswered = new Map();
  #joined;
  #heartbeat;
  #lastSeq = '0';

  /**
   * @param {string} url of the signaling WebSocket
   * @param {{name: string, token: string, link: string}} who
   */
  constructor(url, { name, token, link }) {
    this.name = name;
    this.#socket = new WebSocket(url, ['anteroom.v1.json']);
    this.#joined = new Promise((resolve, reject) => {
      this.#socket.on('open', () => this.#send({ hello: { token, client: 'crowd' } }));
      this.#socket.on('message', (data) => {
        const message = JSON.parse(data);
        if (message.seq) this.#lastSeq = message.seq;
        if (message.welcome) this.request('join', { meetingLink: link, displayName: name }).catch(reject);
        if (message.connected) resolve();
        if (message.denied) reject(new Error(`${name} was refused: ${JSON.stringify(message.denied)}`));
        const waiting = this.#unanswered.get(message.inReplyTo);
        if (!waiting) return;
        this.#unanswered.delete(message.inReplyTo);
        if (message.error) waiting.reject(new Error(`${name}: ${JSON.stringify(message.error)}`));
        else waiting.resolve(message);
      });
      this.#socket.on('error', reject);
      this.#socket.on('close', (code) => reject(new Error(`${name} was cut off: ${code}`)));
    });
    this.#joined.catch(() => {});
    // A client that acknowledges nothing is cut after a while.
    this.#heartbeat = setInterval(() => {
      if (this.#socket.readyState === WebSocket.OPEN) this.#send({ ack: { seq: this.#lastSeq } });
    }, 5_000);
  }

  /** Resolves once it is in the call. */
  joined() {
    return this.#joined;
  }

  /**
   * Says what its microphone and camera are for; the media connection never comes about.
   * @param {string} sdp
   */
  async publishes(sdp) {
    const mids = [...sdp.matchAll(/^a=mid:(\S+)/gm)].map(([, mid]) => mid);
    await this.request('offer', {
      sdp,
      sections: [{ mid: mids[0], publish: MICROPHONE }, { mid: mids[1], publish: CAMERA }],
    });
  }

  /** @returns {Promise<any>} the answer */
  request(kind, body) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#unanswered.set(id, { resolve, reject });
      this.#send({ id, [kind]: body });
    });
  }

  async leaves() {
    clearInterval(this.#heartbeat);
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const gone = once(this.#socket, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (this.#socket.readyState === WebSocket.OPEN) this.#send({ leave: {} });
    this.#socket.close();
    await gone;
  }

  #send(message) {
    this.#socket.send(JSON.stringify(message));
  }
}

/** People who come, and go again. */
export class Crowd {
  /** Who is in the call. @type {Extra[]} */
  people = [];
  #service;
  #token;
  #offer;
  #count = 0;

  /**
   * @param {{dev: any, origin: string}} service in development mode
   * @param {string} [offer] of a browser, with a microphone and a camera to be sent
   */
  constructor(service, offer = '') {
    this.#service = service;
    this.#offer = offer;
  }

  /**
   * Somebody asks to join.
   * @param {string} name
   * @returns {Promise<Extra>}
   */
  async arrives(name) {
    // In development mode one token may stand for a crowd.
    this.#token ??= (await user(this.#service)).token;
    const url = `${this.#service.origin.replace('http', 'ws')}/signaling`;
    const extra = new Extra(url, { name, token: this.#token, link: this.#service.dev.meeting.join_url });
    this.people.push(extra);
    return extra;
  }

  /** @param {number} many come past the lobby, with microphone and camera */
  async comes(many) {
    const names = Array.from({ length: many }, () => `Extra ${String((this.#count += 1)).padStart(3, '0')}`);
    const one = async () => {
      for (let name = names.shift(); name; name = names.shift()) {
        const extra = await this.arrives(name);
        await extra.joined();
        await extra.publishes(this.#own(this.#offer));
        await extra.request('mediaState', { micMuted: false, cameraOn: true });
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, one));
  }

  /** @param {number} many who came first leave */
  async goes(many = this.people.length) {
    await Promise.all(this.people.splice(0, many).map((extra) => extra.leaves()));
  }

  /** The offer with credentials and streams that nobody else has. */
  #own(offer) {
    const word = (length) => Array.from({ length }, () => 'abcdefghijklmnopqrstuvwxyz'[Math.floor(Math.random() * 26)]).join('');
    const [ufrag, pwd] = [word(4), word(24)];
    return offer.replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${ufrag}`).replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${pwd}`).replace(/^a=ssrc.*\r\n/gm, '');
  }
}

/** The offer of a page with a microphone and a camera in three layers; nothing of it is used any further. */
export function browserOffer(page) {
  return page.evaluate(async () => {
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    pc.addTransceiver('audio', { direction: 'sendonly' });
    pc.addTransceiver('video', { direction: 'sendonly', sendEncodings: [{ rid: 'q', scaleResolutionDownBy: 4 }, { rid: 'h', scaleResolutionDownBy: 2 }, { rid: 'f' }] });
    const { sdp } = await pc.createOffer();
    pc.close();
    return sdp;
  });
}
