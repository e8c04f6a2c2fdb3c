/**
 * The signaling connection: one WebSocket with the subprotocol `anteroom.v1.json` (the protobuf JSON mapping of
 * `anteroom/signaling/v1/signaling.proto`).
 *
 * A session outlives its connection. When the socket drops, this module connects again with growing pauses, resumes the
 * session with the last sequence number it has handled, and repeats the requests that had no answer yet, under their old
 * ids: the service carries each id out once.
 */

import { onReturn } from './lifecycle.js';
import { SERVER_KINDS } from './messages.js';
import type { ClientBodies, ClientKind, ErrorMessage, ServerMessage, Welcome } from './messages.js';
import { TokenKeeper } from './token.js';
import type { TokenSource } from './token.js';

const SUBPROTOCOL = 'anteroom.v1.json';
const CLIENT = 'web/1';

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
/** After this long without a message, the connection is asked for a sign of life when the page comes back. */
const DOUBTFUL_MS = 2_000;
/** How long that sign may take. */
const PROBE_MS = 3_000;

/** The service refused one request; the session goes on. */
export class RequestRefused extends Error {
  /** Stable key: `not_allowed`, `rate_limited`, `malformed`, … */
  readonly key: string;
  /** With `not_allowed`: why, as in the ACS Capabilities API. */
  readonly reason: string;
  /** With `not_allowed`: the capability that is missing, where there is one. */
  readonly capability: string;

  constructor(error: ErrorMessage) {
    super(error.message || error.key || 'The request was refused.');
    this.name = 'RequestRefused';
    this.key = error.key ?? '';
    this.reason = error.reason ?? '';
    this.capability = error.capability ?? '';
  }
}

/** The session is over, so the answer will never come. */
export class SessionOver extends Error {
  constructor() {
    super('The session is over.');
    this.name = 'SessionOver';
  }
}

interface Request {
  message: { id: number } & Record<string, unknown>;
  resolve: (answer: ServerMessage) => void;
  reject: (error: Error) => void;
}

type TimerName = 'connect' | 'welcome' | 'ping' | 'silence' | 'ack';
type Timer = ReturnType<typeof setTimeout>;

/**
 * Events:
 * - `message` (`detail: ServerMessage`): everything the service says, once, in order
 * - `online` (`detail: {online}`): the connection dropped or is back
 * - `session` : a new session began (the first, or one that replaces a session that could not be resumed): join (again)
 * - `lost` : the service cannot be reached any more; nothing follows
 */
export class Signaling extends EventTarget {
  #url: string;
  #token: TokenKeeper;
  #socket: WebSocket | null = null;
  /** Whether this connection has been welcomed. */
  #online = false;
  #finished = false;
  #attempt = 0;
  /** Unix milliseconds after which no further attempt is made. */
  #giveUpAt = 0;
  #nextId = 1;
  #lastSeq = 0;
  #ackedSeq = 0;
  #heardAt = 0;
  #pingedAt = 0;
  #roundTripMs: number | null = null;
  #resumeToken = '';
  #resumeWindowMs = 30_000;
  #pingIntervalMs = 15_000;
  #rawId = '';
  /** Requests without an answer, by increasing id. */
  #unanswered = new Map<number, Request>();
  #timers: Partial<Record<TimerName, Timer>> = {};
  #stopListening = () => {};

  constructor({ url, token }: { url: string; token: TokenSource }) {
    super();
    this.#url = url;
    this.#token = new TokenKeeper(token, (fresh) => this.request('refreshToken', { token: fresh }));
  }

  /** Whether messages go out right now. */
  get online(): boolean {
    return this.#online;
  }

  /** The current WebSocket, for debugging and tests. */
  get socket(): WebSocket | null {
    return this.#socket;
  }

  /** How long the last ping took, in milliseconds; `null` before the first, which comes when nothing else is said. */
  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  /** Raw identifier of the caller, as the service says. */
  get rawId(): string {
    return this.#rawId;
  }

  /** Connects; the event `session` follows. */
  connect(): void {
    this.#giveUpAt = Date.now() + FIRST_CONNECTION_MS;
    this.#stopListening = onReturn(() => this.#check());
    this.#open();
  }

  /**
   * Sends a request and waits for its answer, over as many connections as it takes.
   *
   * @throws {RequestRefused|SessionOver}
   */
  request<K extends ClientKind>(kind: K, body: ClientBodies[K]): Promise<ServerMessage> {
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

  /** Sends something that needs no answer, if there is a connection. */
  notify<K extends ClientKind>(kind: K, body: ClientBodies[K]): void {
    if (this.#online) this.#send({ [kind]: body });
  }

  /** Ends it on this side; a farewell (`Leave`) is the caller's business. */
  close(): void {
    this.#finish(1000);
  }

  #send(message: object): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify(message));
    this.#restart('ping', this.#pingIntervalMs, () => this.#ping());
  }

  #ping(): void {
    this.#pingedAt = performance.now();
    this.#send({ ping: {} });
  }

  #open(): void {
    this.#clear('connect');
    const socket = new WebSocket(this.#url, [SUBPROTOCOL]);
    this.#socket = socket;
    this.#restart('welcome', WELCOME_TIMEOUT_MS, () => this.#drop(socket));
    socket.addEventListener('open', () => this.#hello(socket));
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    });
    socket.addEventListener('close', () => this.#drop(socket));
  }

  async #hello(socket: WebSocket): Promise<void> {
    let token: string;
    try {
      token = await this.#token.get();
    } catch {
      // Whoever gives tokens may be unreachable just now, too.
      this.#drop(socket);
      return;
    }
    if (socket !== this.#socket || this.#finished) return;
    const resume = this.#resumeToken ? { resumeToken: this.#resumeToken, lastSeq: String(this.#lastSeq) } : undefined;
    this.#send({ hello: { token, client: CLIENT, resume } });
  }

  /** The connection is gone, or to be given up: try again, unless it is all over. */
  #drop(socket: WebSocket | null): void {
    if (socket !== this.#socket || this.#finished) return;
    this.#socket = null;
    socket?.close();
    for (const timer of ['welcome', 'ping', 'silence', 'ack'] as const) this.#clear(timer);
    if (this.#online) {
      this.#giveUpAt = Date.now() + this.#resumeWindowMs + BEYOND_WINDOW_MS;
      this.#setOnline(false);
    }
    if (Date.now() >= this.#giveUpAt) {
      this.#finish(1000);
      this.#emit('lost');
      return;
    }
    const pause = BACK_OFF_MS[Math.min(this.#attempt, BACK_OFF_MS.length - 1)] ?? 0;
    this.#attempt += 1;
    // Spread out, so that a restarted service does not meet all its clients in one moment.
    this.#restart('connect', pause * (0.8 + 0.4 * Math.random()), () => this.#open());
  }

  /**
   * The page is back, or the network. Without a connection, the pause before the next attempt ends now, and a page that
   * was frozen beyond the time to give up gets another try; one that has been silent has to show that it lives.
   */
  #check(): void {
    if (this.#finished) return;
    if (!this.#socket) {
      this.#attempt = 0;
      this.#giveUpAt = Math.max(this.#giveUpAt, Date.now() + FIRST_CONNECTION_MS);
      this.#open();
      return;
    }
    if (!this.#online || Date.now() - this.#heardAt < DOUBTFUL_MS) return;
    const socket = this.#socket;
    this.#ping();
    this.#restart('silence', PROBE_MS, () => this.#drop(socket));
  }

  #receive(data: unknown): void {
    this.#heardAt = Date.now();
    this.#restart('silence', this.#pingIntervalMs * 2.5, () => this.#drop(this.#socket));
    const message = parse(data);
    const kind = message && SERVER_KINDS.find((name) => name in message);
    if (!kind) return;
    const said = { kind, body: message[kind] ?? {} } as ServerMessage;
    if (said.kind === 'welcome') {
      this.#welcome(said.body);
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
    if (kind === 'pong') {
      if (this.#pingedAt > 0) this.#roundTripMs = performance.now() - this.#pingedAt;
      this.#pingedAt = 0;
      return;
    }
    if (kind === 'denied' || kind === 'ended') this.#finish(null);
    this.#answer(Number(message.inReplyTo ?? 0), said);
    this.#emit('message', said);
  }

  #welcome(welcome: Welcome): void {
    this.#clear('welcome');
    this.#attempt = 0;
    const again = this.#resumeToken !== '';
    this.#resumeToken = welcome.resumeToken ?? '';
    this.#resumeWindowMs = welcome.resumeWindowMs || this.#resumeWindowMs;
    this.#pingIntervalMs = welcome.pingIntervalMs || this.#pingIntervalMs;
    this.#rawId = welcome.rawId || this.#rawId;
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

  #answer(id: number, said: ServerMessage): void {
    const request = this.#unanswered.get(id);
    if (!request) return;
    this.#unanswered.delete(id);
    if (said.kind === 'error') request.reject(new RequestRefused(said.body));
    else request.resolve(said);
  }

  #acknowledge(): void {
    if (this.#lastSeq - this.#ackedSeq >= ACK_EVERY) this.#ack();
    else if (!this.#timers.ack) this.#restart('ack', ACK_AFTER_MS, () => this.#ack());
  }

  #ack(): void {
    this.#clear('ack');
    if (!this.#online || this.#ackedSeq === this.#lastSeq) return;
    this.#ackedSeq = this.#lastSeq;
    this.#send({ ack: { seq: String(this.#lastSeq) } });
  }

  #setOnline(online: boolean): void {
    if (this.#online === online) return;
    this.#online = online;
    this.#emit('online', { online });
  }

  /** @param code null: leave closing to the service, which has said its last word */
  #finish(code: number | null): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#online = false;
    this.#stopListening();
    this.#token.stop();
    for (const timer of Object.keys(this.#timers) as TimerName[]) this.#clear(timer);
    if (code !== null) this.#socket?.close(code);
    // Answers that arrive with the last message come first.
    queueMicrotask(() => this.#refuseAll());
  }

  #refuseAll(): void {
    const open = [...this.#unanswered.values()];
    this.#unanswered.clear();
    for (const { reject } of open) reject(new SessionOver());
  }

  #restart(timer: TimerName, delay: number, action: () => void): void {
    clearTimeout(this.#timers[timer]);
    this.#timers[timer] = setTimeout(() => {
      this.#timers[timer] = undefined;
      action();
    }, delay);
  }

  #clear(timer: TimerName): void {
    clearTimeout(this.#timers[timer]);
    this.#timers[timer] = undefined;
  }

  #emit(type: string, detail: unknown = {}): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** What is no JSON object is ignored. */
function parse(data: unknown): Record<string, unknown> | null {
  if (typeof data !== 'string') return null;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
