/**
 * The signaling connection: one WebSocket with the subprotocol `anteroom.v1.json` (the protobuf JSON mapping of
 * `anteroom/signaling/v1/signaling.proto`).
 *
 * A session outlives its connection. When the socket drops, this module connects again with growing pauses, resumes the
 * session with the last sequence number it has handled, and repeats the requests that had no answer yet, under their old
 * ids: the service carries each id out once.
 * @module signaling
 */

const SUBPROTOCOL = 'anteroom.v1.json';
const CLIENT = 'web/0.1';

/** Pauses before each new attempt to connect, in milliseconds; the last one repeats. */
const BACK_OFF_MS = [0, 300, 800, 1_500, 3_000, 5_000];
/** A connection without `Welcome` after this long is given up. */
const WELCOME_TIMEOUT_MS = 8_000;
/** How long the first connection may take altogether. */
const FIRST_CONNECTION_MS = 20_000;
/** How much longer than the service keeps the session it is worth trying to get back to it. */
const BEYOND_WINDOW_MS = 30_000;
/** Messages are acknowledged after this many, or this many milliseconds. */
const ACK_EVERY = 32;
const ACK_AFTER_MS = 1_000;

const BODIES = [
  'welcome', 'lobby', 'connected', 'denied', 'ended', 'answer', 'roster', 'lobbyRoster', 'tracks', 'speaking', 'chat',
  'chatAccess', 'done', 'error', 'pong', 'capabilitiesChanged', 'meetingState', 'recordingState', 'reaction',
  'announcement', 'muted', 'demand',
];

/** The service refused one request; the session goes on. */
export class RequestRefused extends Error {
  /** @param {{key?: string, message?: string, reason?: string}} error body of the signaling message `Error` */
  constructor(error) {
    super(error.message || error.key || 'The request was refused.');
    this.name = 'RequestRefused';
    this.key = error.key ?? '';
    this.reason = error.reason ?? '';
  }
}

/** The session is over, so the answer will never come. */
export class SessionOver extends Error {
  constructor() {
    super('The session is over.');
    this.name = 'SessionOver';
  }
}

/**
 * Events:
 * - `message` (`detail: {kind, body}`): everything the service says, once, in order
 * - `online` (`detail: {online}`): the connection dropped or is back
 * - `session` : a new session began (the first, or one that replaces a session that could not be resumed): join (again)
 * - `lost` : the service cannot be reached any more; nothing follows
 */
export class Signaling extends EventTarget {
  #url;
  #token;
  /** @type {WebSocket|null} */
  #socket = null;
  /** Whether this connection has been welcomed. */
  #online = false;
  #finished = false;
  #attempt = 0;
  /** Unix milliseconds after which no further attempt is made. */
  #giveUpAt = 0;
  #nextId = 1;
  #lastSeq = 0;
  #ackedSeq = 0;
  #resumeToken = '';
  #resumeWindowMs = 30_000;
  #pingIntervalMs = 15_000;
  /** Requests without an answer, by increasing id. */
  #unanswered = new Map();
  #timers = { connect: 0, welcome: 0, ping: 0, silence: 0, ack: 0 };
  #onNetworkBack = () => this.#reconnectNow();

  /**
   * @param {{url: string, token: string}} options
   */
  constructor({ url, token }) {
    super();
    this.#url = url;
    this.#token = token;
  }

  /** Whether messages go out right now. */
  get online() {
    return this.#online;
  }

  /** The current WebSocket, for debugging and tests. */
  get socket() {
    return this.#socket;
  }

  /** Connects; the event `session` follows. */
  connect() {
    this.#giveUpAt = Date.now() + FIRST_CONNECTION_MS;
    window.addEventListener('online', this.#onNetworkBack);
    this.#open();
  }

  /**
   * Sends a request and waits for its answer, over as many connections as it takes.
   *
   * @param {string} kind name of the body: `join`, `offer`, `sendChat`, …
   * @param {object} body
   * @returns {Promise<{kind: string, body: object}>}
   * @throws {RequestRefused|SessionOver}
   */
  request(kind, body) {
    return new Promise((resolve, reject) => {
      if (this.#finished) {
        reject(new SessionOver());
        return;
      }
      const message = { id: this.#nextId++, [kind]: body };
      this.#unanswered.set(message.id, { message, resolve, reject });
      if (this.#online) this.#send(message);
    });
  }

  /**
   * Sends something that needs no answer, if there is a connection.
   * @param {string} kind
   * @param {object} body
   */
  notify(kind, body) {
    if (this.#online) this.#send({ [kind]: body });
  }

  /** Ends it on this side; a farewell (`Leave`) is the caller's business. */
  close() {
    this.#finish(1000);
  }

  #send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify(message));
    this.#restart('ping', this.#pingIntervalMs, () => this.#send({ ping: {} }));
  }

  #open() {
    this.#clear('connect');
    const socket = new WebSocket(this.#url, [SUBPROTOCOL]);
    this.#socket = socket;
    this.#restart('welcome', WELCOME_TIMEOUT_MS, () => this.#drop(socket));
    socket.addEventListener('open', () => {
      if (socket !== this.#socket) return;
      const hello = { token: this.#token, client: CLIENT };
      if (this.#resumeToken) hello.resume = { resumeToken: this.#resumeToken, lastSeq: String(this.#lastSeq) };
      this.#send({ hello });
    });
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    });
    socket.addEventListener('close', () => this.#drop(socket));
  }

  /** The connection is gone, or to be given up: try again, unless it is all over. */
  #drop(socket) {
    if (socket !== this.#socket || this.#finished) return;
    this.#socket = null;
    socket.close();
    for (const timer of ['welcome', 'ping', 'silence', 'ack']) this.#clear(timer);
    if (this.#online) {
      this.#giveUpAt = Date.now() + this.#resumeWindowMs + BEYOND_WINDOW_MS;
      this.#setOnline(false);
    }
    if (Date.now() >= this.#giveUpAt) {
      this.#finish(1000);
      this.#emit('lost');
      return;
    }
    const pause = BACK_OFF_MS[Math.min(this.#attempt, BACK_OFF_MS.length - 1)];
    this.#attempt += 1;
    // Spread out, so that a restarted service does not meet all its clients in one moment.
    this.#restart('connect', pause * (0.8 + 0.4 * Math.random()), () => this.#open());
  }

  #reconnectNow() {
    if (this.#finished || this.#socket) return;
    this.#attempt = 0;
    this.#open();
  }

  #receive(data) {
    this.#restart('silence', this.#pingIntervalMs * 2.5, () => this.#drop(this.#socket));
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    const kind = BODIES.find((name) => name in message);
    if (!kind) return;
    const body = message[kind] ?? {};
    if (kind === 'welcome') {
      this.#welcome(body);
      return;
    }
    // A refused `Hello` has a number of its own, not of this session.
    const seq = this.#online ? Number(message.seq ?? 0) : 0;
    if (seq > 0) {
      if (seq <= this.#lastSeq) return;
      this.#lastSeq = seq;
      // Until a mute is acknowledged, the service does not let the microphone be unmuted.
      if (kind === 'muted') this.#ack();
      else this.#acknowledge();
    }
    if (kind === 'pong') return;
    if (kind === 'denied' || kind === 'ended') this.#finish(null);
    this.#answer(Number(message.inReplyTo ?? 0), kind, body);
    this.#emit('message', { kind, body });
  }

  #welcome(welcome) {
    this.#clear('welcome');
    this.#attempt = 0;
    const again = this.#resumeToken !== '';
    this.#resumeToken = welcome.resumeToken ?? '';
    this.#resumeWindowMs = welcome.resumeWindowMs || this.#resumeWindowMs;
    this.#pingIntervalMs = welcome.pingIntervalMs || this.#pingIntervalMs;
    if (welcome.resumed) {
      this.#setOnline(true);
      for (const { message } of this.#unanswered.values()) this.#send(message);
      return;
    }
    this.#lastSeq = 0;
    this.#ackedSeq = 0;
    if (again) this.#refuseAll();
    this.#setOnline(true);
    this.#emit('session');
  }

  #answer(id, kind, body) {
    const request = this.#unanswered.get(id);
    if (!request) return;
    this.#unanswered.delete(id);
    if (kind === 'error') request.reject(new RequestRefused(body));
    else request.resolve({ kind, body });
  }

  #acknowledge() {
    if (this.#lastSeq - this.#ackedSeq >= ACK_EVERY) this.#ack();
    else if (!this.#timers.ack) this.#restart('ack', ACK_AFTER_MS, () => this.#ack());
  }

  #ack() {
    this.#clear('ack');
    if (!this.#online || this.#ackedSeq === this.#lastSeq) return;
    this.#ackedSeq = this.#lastSeq;
    this.#send({ ack: { seq: String(this.#lastSeq) } });
  }

  #setOnline(online) {
    if (this.#online === online) return;
    this.#online = online;
    this.#emit('online', { online });
  }

  /** @param {number|null} code null: leave closing to the service, which has said its last word */
  #finish(code) {
    if (this.#finished) return;
    this.#finished = true;
    this.#online = false;
    window.removeEventListener('online', this.#onNetworkBack);
    for (const timer of Object.keys(this.#timers)) this.#clear(timer);
    if (code !== null) this.#socket?.close(code);
    // Answers that arrive with the last message come first.
    queueMicrotask(() => this.#refuseAll());
  }

  #refuseAll() {
    const open = [...this.#unanswered.values()];
    this.#unanswered.clear();
    for (const { reject } of open) reject(new SessionOver());
  }

  #restart(timer, delay, action) {
    clearTimeout(this.#timers[timer]);
    this.#timers[timer] = setTimeout(() => {
      this.#timers[timer] = 0;
      action();
    }, delay);
  }

  #clear(timer) {
    clearTimeout(this.#timers[timer]);
    this.#timers[timer] = 0;
  }

  #emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
