// Built from web/calling/src/session by `npm run build` in web/calling. Change it there.

// src/session/capture.ts
var CONSTRAINTS = {
  microphone: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  // Halved twice, its sides stay even: it is sent in three sizes.
  camera: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24, max: 30 } }
};
var SCREEN_OPTIONS = {
  video: { frameRate: { ideal: 15, max: 30 }, width: { max: 1920 }, height: { max: 1080 } },
  audio: false
};
function problemOf(error) {
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    default:
      return "failed";
  }
}
async function captureScreen() {
  const [track] = (await navigator.mediaDevices.getDisplayMedia(SCREEN_OPTIONS)).getVideoTracks();
  if (track && "contentHint" in track) track.contentHint = "detail";
  return track;
}

// src/session/chat.ts
var TYPING_MS = 8e3;
var TYPING_EVERY_MS = 2250;
var ChatLog = class {
  messages = [];
  typing = /* @__PURE__ */ new Map();
  receipts = /* @__PURE__ */ new Map();
  #changed;
  /** Places in `messages`. */
  #places = /* @__PURE__ */ new Map();
  /** Raw identifiers of who writes: a message names its sender like that. */
  #writers = /* @__PURE__ */ new Map();
  #timer;
  #typedAt = 0;
  /** Says that the caller writes as soon as it counts. */
  #typingSoon;
  /** Whether the service knows of these. */
  #typingKnown = true;
  #receiptsKnown = true;
  constructor(changed) {
    this.#changed = changed;
  }
  /** A message that is known already has been changed, or is the service's echo of an own one. */
  add(entry) {
    const place = entry.id ? this.#places.get(entry.id) : void 0;
    if (place !== void 0) {
      if (entry.edited || entry.deleted) {
        this.messages[place] = entry;
        this.#changed("chat");
      }
      return;
    }
    if (entry.id) this.#places.set(entry.id, this.messages.length);
    this.messages.push(entry);
    for (const [id, rawId] of this.#writers) {
      if (rawId && rawId === entry.senderRawId && this.#stopped(id)) this.#changed("typing");
    }
    this.#changed("chat");
  }
  typed(participantId, rawId) {
    this.typing.set(participantId, Date.now() + TYPING_MS);
    this.#writers.set(participantId, rawId);
    this.#expire();
    this.#changed("typing");
  }
  read(participantId, messageId) {
    this.receipts.set(participantId, messageId);
    this.#changed("receipts");
  }
  /** The caller writes; may be called at every key. */
  sendTyping(send) {
    if (!this.#typingKnown || this.#typingSoon !== void 0) return;
    const say = () => {
      this.#typingSoon = void 0;
      this.#typedAt = Date.now();
      send().catch(() => {
        this.#typingKnown = false;
      });
    };
    const pause = this.#typedAt + TYPING_EVERY_MS - Date.now();
    if (pause > 0) this.#typingSoon = setTimeout(say, pause);
    else say();
  }
  /** The caller writes no more: the message is on its way. */
  stopTyping() {
    clearTimeout(this.#typingSoon);
    this.#typingSoon = void 0;
  }
  sendReceipt(send) {
    if (!this.#receiptsKnown) return;
    send().catch(() => {
      this.#receiptsKnown = false;
    });
  }
  /** With a new session the history comes again. */
  clear() {
    clearTimeout(this.#timer);
    this.stopTyping();
    this.messages = [];
    this.typing.clear();
    this.receipts.clear();
    this.#places.clear();
    this.#writers.clear();
  }
  /** Nothing runs out any more. */
  stop() {
    clearTimeout(this.#timer);
    this.stopTyping();
  }
  #stopped(participantId) {
    this.#writers.delete(participantId);
    return this.typing.delete(participantId);
  }
  #expire() {
    clearTimeout(this.#timer);
    if (this.typing.size === 0) return;
    const next = Math.min(...this.typing.values());
    this.#timer = setTimeout(() => {
      const now = Date.now();
      for (const [id, until] of this.typing) if (until <= now) this.#stopped(id);
      this.#changed("typing");
      this.#expire();
    }, Math.max(next - Date.now(), 0) + 1);
  }
};

// src/session/lifecycle.ts
function onReturn(listener) {
  const shown = () => document.visibilityState === "visible" && listener();
  const restored = (event) => event.persisted && listener();
  return listen([
    [page(), "online", listener],
    [page(), "pageshow", restored],
    [tab(), "resume", listener],
    [tab(), "visibilitychange", shown]
  ]);
}
function onLeave(listener) {
  return listen([[page(), "pagehide", listener]]);
}
function listen(entries) {
  for (const [target, type, listener] of entries) target?.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of entries) target?.removeEventListener(type, listener);
  };
}
var page = () => typeof window === "undefined" ? null : window;
var tab = () => typeof document === "undefined" ? null : document;

// src/session/messages.ts
var SERVER_KINDS = [
  "welcome",
  "lobby",
  "connected",
  "denied",
  "ended",
  "answer",
  "roster",
  "lobbyRoster",
  "tracks",
  "speaking",
  "chat",
  "chatAccess",
  "done",
  "error",
  "pong",
  "capabilitiesChanged",
  "meetingState",
  "recordingState",
  "reaction",
  "announcement",
  "muted",
  "demand",
  "typing",
  "readReceipt"
];

// src/session/token.ts
var AHEAD_MS = 3 * 6e4;
var BEHIND_MS = 500;
var RETRY_MS = 2e4;
var LONGEST_MS = 2 ** 31 - 1;
function claims(token) {
  try {
    const part = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0));
    const parsed = JSON.parse(new TextDecoder().decode(bytes));
    return typeof parsed === "object" && parsed !== null ? parsed : null;
  } catch {
    return null;
  }
}
function expiry(token) {
  const exp = claims(token)?.exp;
  return typeof exp === "number" && Number.isFinite(exp) ? exp * 1e3 : null;
}
var TokenKeeper = class {
  #source;
  #renewed;
  #timer;
  #last = "";
  #stopped = false;
  /** @param renewed passes a fresh token on; whether that succeeds makes no difference */
  constructor(source, renewed) {
    this.#source = source;
    this.#renewed = renewed;
  }
  /** The token for a new connection. */
  async get() {
    if (typeof this.#source === "string") return this.#source;
    const token = await this.#source();
    this.#last = token;
    this.#plan(token);
    return token;
  }
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
  #plan(token) {
    const at = expiry(token);
    if (at === null || this.#stopped) return;
    const left = at - Date.now();
    this.#wait(left <= 0 ? RETRY_MS : left > 3 * AHEAD_MS ? left - AHEAD_MS : left * 2 / 3);
  }
  #wait(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#renew(), Math.min(Math.max(delay, 1e3), LONGEST_MS));
  }
  async #renew() {
    if (this.#stopped || typeof this.#source === "string") return;
    try {
      const token = await this.#source();
      if (this.#stopped) return;
      if (token === this.#last) {
        const left = (expiry(token) ?? 0) - Date.now();
        this.#wait(left > 0 ? Math.min(RETRY_MS, left + BEHIND_MS) : RETRY_MS);
        return;
      }
      this.#last = token;
      this.#plan(token);
      await this.#renewed(token).catch(() => {
      });
    } catch {
      this.#wait(RETRY_MS);
    }
  }
};

// src/session/signaling.ts
var SUBPROTOCOL = "anteroom.v1.json";
var CLIENT = "web/1";
var BACK_OFF_MS = [0, 300, 800, 1500, 3e3, 5e3];
var WELCOME_TIMEOUT_MS = 8e3;
var FIRST_CONNECTION_MS = 2e4;
var BEYOND_WINDOW_MS = 3e4;
var ACK_EVERY = 32;
var ACK_AFTER_MS = 1e3;
var DOUBTFUL_MS = 2e3;
var PROBE_MS = 3e3;
var RequestRefused = class extends Error {
  /** Stable key: `not_allowed`, `rate_limited`, `malformed`, … */
  key;
  /** With `not_allowed`: why, as in the ACS Capabilities API. */
  reason;
  /** With `not_allowed`: the capability that is missing, where there is one. */
  capability;
  constructor(error) {
    super(error.message || error.key || "The request was refused.");
    this.name = "RequestRefused";
    this.key = error.key ?? "";
    this.reason = error.reason ?? "";
    this.capability = error.capability ?? "";
  }
};
var SessionOver = class extends Error {
  constructor() {
    super("The session is over.");
    this.name = "SessionOver";
  }
};
var Signaling = class extends EventTarget {
  #url;
  #token;
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
  #heardAt = 0;
  #pingedAt = 0;
  #roundTripMs = null;
  #resumeToken = "";
  #resumeWindowMs = 3e4;
  #pingIntervalMs = 15e3;
  #rawId = "";
  /** Requests without an answer, by increasing id. */
  #unanswered = /* @__PURE__ */ new Map();
  #timers = {};
  #stopListening = () => {
  };
  constructor({ url, token }) {
    super();
    this.#url = url;
    this.#token = new TokenKeeper(token, (fresh) => this.request("refreshToken", { token: fresh }));
  }
  /** Whether messages go out right now. */
  get online() {
    return this.#online;
  }
  /** The current WebSocket, for debugging and tests. */
  get socket() {
    return this.#socket;
  }
  /** How long the last ping took, in milliseconds; `null` before the first, which comes when nothing else is said. */
  get roundTripMs() {
    return this.#roundTripMs;
  }
  /** Raw identifier of the caller, as the service says. */
  get rawId() {
    return this.#rawId;
  }
  /** Connects; the event `session` follows. */
  connect() {
    this.#giveUpAt = Date.now() + FIRST_CONNECTION_MS;
    this.#stopListening = onReturn(() => this.#check());
    this.#open();
  }
  /**
   * Sends a request and waits for its answer, over as many connections as it takes.
   *
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
  /** Sends something that needs no answer, if there is a connection. */
  notify(kind, body) {
    if (this.#online) this.#send({ [kind]: body });
  }
  /** Ends it on this side; a farewell (`Leave`) is the caller's business. */
  close() {
    this.#finish(1e3);
  }
  #send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify(message));
    this.#restart("ping", this.#pingIntervalMs, () => this.#ping());
  }
  #ping() {
    this.#pingedAt = performance.now();
    this.#send({ ping: {} });
  }
  #open() {
    this.#clear("connect");
    const socket = new WebSocket(this.#url, [SUBPROTOCOL]);
    this.#socket = socket;
    this.#restart("welcome", WELCOME_TIMEOUT_MS, () => this.#drop(socket));
    socket.addEventListener("open", () => this.#hello(socket));
    socket.addEventListener("message", ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    });
    socket.addEventListener("close", () => this.#drop(socket));
  }
  async #hello(socket) {
    let token;
    try {
      token = await this.#token.get();
    } catch {
      this.#drop(socket);
      return;
    }
    if (socket !== this.#socket || this.#finished) return;
    const resume = this.#resumeToken ? { resumeToken: this.#resumeToken, lastSeq: String(this.#lastSeq) } : void 0;
    this.#send({ hello: { token, client: CLIENT, resume } });
  }
  /** The connection is gone, or to be given up: try again, unless it is all over. */
  #drop(socket) {
    if (socket !== this.#socket || this.#finished) return;
    this.#socket = null;
    socket?.close();
    for (const timer of ["welcome", "ping", "silence", "ack"]) this.#clear(timer);
    if (this.#online) {
      this.#giveUpAt = Date.now() + this.#resumeWindowMs + BEYOND_WINDOW_MS;
      this.#setOnline(false);
    }
    if (Date.now() >= this.#giveUpAt) {
      this.#finish(1e3);
      this.#emit("lost");
      return;
    }
    const pause = BACK_OFF_MS[Math.min(this.#attempt, BACK_OFF_MS.length - 1)] ?? 0;
    this.#attempt += 1;
    this.#restart("connect", pause * (0.8 + 0.4 * Math.random()), () => this.#open());
  }
  /**
   * The page is back, or the network. Without a connection, the pause before the next attempt ends now, and a page that
   * was frozen beyond the time to give up gets another try; one that has been silent has to show that it lives.
   */
  #check() {
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
    this.#restart("silence", PROBE_MS, () => this.#drop(socket));
  }
  #receive(data) {
    this.#heardAt = Date.now();
    this.#restart("silence", this.#pingIntervalMs * 2.5, () => this.#drop(this.#socket));
    const message = parse(data);
    const kind = message && SERVER_KINDS.find((name) => name in message);
    if (!kind) return;
    const said = { kind, body: message[kind] ?? {} };
    if (said.kind === "welcome") {
      this.#welcome(said.body);
      return;
    }
    const seq = this.#online ? Number(message.seq ?? 0) : 0;
    if (seq > 0) {
      if (seq <= this.#lastSeq) return;
      this.#lastSeq = seq;
      if (kind === "muted") this.#ack();
      else this.#acknowledge();
    }
    if (kind === "pong") {
      if (this.#pingedAt > 0) this.#roundTripMs = performance.now() - this.#pingedAt;
      this.#pingedAt = 0;
      return;
    }
    if (kind === "denied" || kind === "ended") this.#finish(null);
    this.#answer(Number(message.inReplyTo ?? 0), said);
    this.#emit("message", said);
  }
  #welcome(welcome) {
    this.#clear("welcome");
    this.#attempt = 0;
    const again = this.#resumeToken !== "";
    this.#resumeToken = welcome.resumeToken ?? "";
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
    this.#emit("session");
  }
  #answer(id, said) {
    const request = this.#unanswered.get(id);
    if (!request) return;
    this.#unanswered.delete(id);
    if (said.kind === "error") request.reject(new RequestRefused(said.body));
    else request.resolve(said);
  }
  #acknowledge() {
    if (this.#lastSeq - this.#ackedSeq >= ACK_EVERY) this.#ack();
    else if (!this.#timers.ack) this.#restart("ack", ACK_AFTER_MS, () => this.#ack());
  }
  #ack() {
    this.#clear("ack");
    if (!this.#online || this.#ackedSeq === this.#lastSeq) return;
    this.#ackedSeq = this.#lastSeq;
    this.#send({ ack: { seq: String(this.#lastSeq) } });
  }
  #setOnline(online) {
    if (this.#online === online) return;
    this.#online = online;
    this.#emit("online", { online });
  }
  /** @param code null: leave closing to the service, which has said its last word */
  #finish(code) {
    if (this.#finished) return;
    this.#finished = true;
    this.#online = false;
    this.#stopListening();
    this.#token.stop();
    for (const timer of Object.keys(this.#timers)) this.#clear(timer);
    if (code !== null) this.#socket?.close(code);
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
      this.#timers[timer] = void 0;
      action();
    }, delay);
  }
  #clear(timer) {
    clearTimeout(this.#timers[timer]);
    this.#timers[timer] = void 0;
  }
  #emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
};
function parse(data) {
  if (typeof data !== "string") return null;
  try {
    const message = JSON.parse(data);
    return typeof message === "object" && message !== null ? message : null;
  } catch {
    return null;
  }
}

// src/session/media.ts
var MICROPHONE = "TRACK_SOURCE_MICROPHONE";
var CAMERA = "TRACK_SOURCE_CAMERA";
var SCREEN = "TRACK_SOURCE_SCREEN";
var ENCODINGS = {
  TRACK_SOURCE_MICROPHONE: [{ maxBitrate: 48e3 }],
  TRACK_SOURCE_CAMERA: [
    { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 15e4 },
    { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 45e4 },
    { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 15e5 }
  ],
  TRACK_SOURCE_SCREEN: [{ maxBitrate: 4e6 }]
};
var HINTS = { TRACK_SOURCE_CAMERA: "motion", TRACK_SOURCE_SCREEN: "detail" };
var MAX_SLOTS = { audio: 36, video: 28 };
var REST = { free: 16, msPerSection: 8 };
var INTERRUPTION_MS = 4e3;
var RESTART_MS = [250, 8e3];
var Media = class extends EventTarget {
  #service;
  #pc;
  #sending = /* @__PURE__ */ new Map();
  #receiving = [];
  /** The slots in use, by track. */
  #byTrack = /* @__PURE__ */ new Map();
  #wanted = false;
  #negotiating = false;
  /** Unix milliseconds from which on the next offer may be made. */
  #rested = 0;
  #closed = false;
  #restartTimer;
  #failures = 0;
  /** Tracks for which there is no free slot yet. */
  #queued = /* @__PURE__ */ new Map();
  #limits = /* @__PURE__ */ new Map();
  /** What is wanted of own sources, by mid. */
  #demands = /* @__PURE__ */ new Map();
  /** Tracks that are published no more. */
  #retired = /* @__PURE__ */ new Set();
  /** Changes of one sender run one after the other. */
  #adjusting = /* @__PURE__ */ new Map();
  constructor(service) {
    super();
    this.#service = service;
    this.#pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.#pc.addEventListener("connectionstatechange", () => this.#watch());
    this.#pc.addEventListener("iceconnectionstatechange", () => this.#watch());
  }
  /** The connection itself, for statistics. */
  get pc() {
    return this.#pc;
  }
  get state() {
    return this.#pc.connectionState;
  }
  /**
   * Sends `track` as `source`; `null` stops sending it. Another track in place of one that is being sent (a change of
   * the device) needs no negotiation.
   */
  async publish(source, track) {
    if (this.#closed) return;
    hint(source, track);
    const transceiver = this.#sending.get(source);
    if (!transceiver) {
      if (!track) return;
      this.#sending.set(
        source,
        this.#pc.addTransceiver(track, {
          direction: "sendonly",
          streams: [new MediaStream()],
          sendEncodings: ENCODINGS[source].map((encoding) => ({ ...encoding }))
        })
      );
      this.#renegotiate();
      return;
    }
    const direction = track ? "sendonly" : "inactive";
    if (transceiver.direction !== direction) {
      transceiver.direction = direction;
      this.#startOver(transceiver);
      this.#renegotiate();
    }
    if (transceiver.sender.track === track) return;
    await transceiver.sender.replaceTrack(track);
    if (track && this.#limits.has(source)) this.#adjust(transceiver);
  }
  /** Sends no more of a source than this, until other limits are set. */
  limit(source, limits) {
    this.#limits.set(source, limits);
    const transceiver = this.#sending.get(source);
    if (transceiver) this.#adjust(transceiver);
  }
  /** Sends no more of the source that section `mid` publishes than is wanted. */
  demand(mid, demand) {
    const transceiver = [...this.#sending.values()].find((one) => one.mid === mid);
    if (this.#closed || !transceiver || this.#retired.has(demand.trackId)) return;
    this.#demands.set(mid, demand);
    this.#adjust(transceiver);
  }
  /** Receives exactly these tracks. */
  receive(tracks) {
    if (this.#closed) return;
    const wanted = new Map([...tracks].map((track) => [track.id, track]));
    let changed = false;
    for (const id of [...this.#queued.keys()]) if (!wanted.has(id)) this.#queued.delete(id);
    for (const [id, slot] of [...this.#byTrack]) {
      if (wanted.delete(id)) continue;
      this.#release(slot);
      changed = true;
    }
    for (const track of wanted.values()) if (this.#assign(track)) changed = true;
    if (changed) this.#renegotiate();
  }
  /** The media of a track that is being received. */
  track(trackId) {
    return this.#byTrack.get(trackId)?.transceiver.receiver.track ?? null;
  }
  /** Where a track is received, for statistics. */
  receiver(trackId) {
    return this.#byTrack.get(trackId)?.transceiver.receiver ?? null;
  }
  /** What sends a source, for statistics. */
  sender(source) {
    return this.#sending.get(source)?.sender ?? null;
  }
  /** Starts over with new addresses, for example after the network changed. */
  restart() {
    if (this.#closed) return;
    this.#pc.restartIce();
    this.#renegotiate();
  }
  close() {
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    this.#pc.close();
  }
  /** What is published anew is wanted whole until the service says otherwise. */
  #startOver(transceiver) {
    const { mid } = transceiver;
    const before = mid === null ? void 0 : this.#demands.get(mid);
    if (mid === null || !before) return;
    this.#retired.add(before.trackId);
    this.#demands.delete(mid);
    this.#adjust(transceiver);
  }
  /** Brings the layers of a source in line with what is wanted of it. */
  #adjust(transceiver) {
    const adjust = async () => {
      if (this.#closed) return;
      const demand = transceiver.mid === null ? void 0 : this.#demands.get(transceiver.mid);
      const { watched, rids } = demand ?? { watched: true, rids: [] };
      const parameters = transceiver.sender.getParameters();
      const wanted = ({ rid }) => watched && (!rid || rids.length === 0 || rids.includes(rid));
      const before2 = JSON.stringify(parameters.encodings);
      for (const encoding of parameters.encodings) encoding.active = wanted(encoding);
      this.#applyLimits(transceiver, parameters.encodings);
      if (JSON.stringify(parameters.encodings) !== before2) await transceiver.sender.setParameters(parameters);
    };
    const before = this.#adjusting.get(transceiver) ?? Promise.resolve();
    const failed = (error) => console.error("layers", error);
    this.#adjusting.set(transceiver, before.then(adjust).catch(failed));
  }
  #applyLimits(transceiver, encodings) {
    const source = [...this.#sending].find(([, one]) => one === transceiver)?.[0];
    const limits = source && this.#limits.get(source);
    if (!source || !limits) return;
    const height = transceiver.sender.track?.getSettings().height ?? 0;
    const shrink = limits.height && height > limits.height ? height / limits.height : 1;
    for (const [at, encoding] of encodings.entries()) {
      const usual = ENCODINGS[source][at];
      encoding.maxBitrate = Math.min(usual?.maxBitrate ?? Infinity, limits.bitrate ?? Infinity);
      if (source !== MICROPHONE) encoding.scaleResolutionDownBy = Math.max(usual?.scaleResolutionDownBy ?? 1, shrink);
      if (limits.frameRate) encoding.maxFramerate = limits.frameRate;
      else delete encoding.maxFramerate;
    }
  }
  /** @returns whether it has a slot now */
  #assign(track) {
    const { id, kind } = track;
    let slot = this.#receiving.find(
      (one) => one.trackId === null && one.kind === kind && one.transceiver.currentDirection === "inactive"
    );
    if (slot) {
      slot.trackId = id;
      slot.transceiver.direction = "recvonly";
    } else {
      if (this.#receiving.filter((one) => one.kind === kind).length >= MAX_SLOTS[kind]) {
        this.#queued.set(id, track);
        return false;
      }
      slot = { transceiver: this.#pc.addTransceiver(kind, { direction: "recvonly" }), kind, trackId: id };
      if (kind === "video") fewerCodecs(slot.transceiver);
      this.#receiving.push(slot);
    }
    this.#queued.delete(id);
    this.#byTrack.set(id, slot);
    return true;
  }
  /** Gives slots that have become free to those who wait for one. */
  #assignQueued() {
    const before = this.#queued.size;
    for (const track of [...this.#queued.values()]) this.#assign(track);
    if (this.#queued.size === before) return;
    this.#wanted = true;
    this.dispatchEvent(new CustomEvent("received", { detail: {} }));
  }
  #release(slot) {
    if (slot.trackId !== null) this.#byTrack.delete(slot.trackId);
    slot.trackId = null;
    slot.transceiver.direction = "inactive";
  }
  #renegotiate() {
    this.#wanted = true;
    if (!this.#negotiating) void this.#negotiate();
  }
  async #negotiate() {
    this.#negotiating = true;
    await Promise.resolve();
    while (this.#wanted && !this.#closed) {
      await this.#rest();
      if (this.#closed) break;
      this.#wanted = false;
      try {
        await this.#exchange();
      } catch (error) {
        if (this.#closed || error instanceof SessionOver) break;
        this.dispatchEvent(new CustomEvent("trouble", { detail: { error } }));
        if (this.#pc.signalingState === "have-local-offer") await this.#pc.setLocalDescription({ type: "rollback" });
      }
    }
    this.#negotiating = false;
  }
  /** In a large meeting somebody comes or goes all the time: what comes together makes one offer. */
  async #rest() {
    const pause = this.#rested - Date.now();
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  /** One offer and its answer. */
  async #exchange() {
    await this.#pc.setLocalDescription(await this.#pc.createOffer());
    const sdp = this.#pc.localDescription?.sdp ?? "";
    const answer = await this.#service.offer({ sdp, sections: this.#sections(sdp) });
    if (this.#closed) return;
    await this.#pc.setRemoteDescription({ type: "answer", sdp: answer.sdp ?? "" });
    this.#service.confirm();
    const sections = this.#sending.size + this.#receiving.length;
    this.#rested = Date.now() + Math.max(sections - REST.free, 0) * REST.msPerSection;
    for (const missing of answer.missingTracks ?? []) {
      const slot = this.#byTrack.get(missing);
      if (!slot) continue;
      this.#release(slot);
      this.#wanted = true;
    }
    this.#assignQueued();
  }
  /**
   * Says what each active section of the offer is for. Directions are read from the offer itself: a transceiver may
   * have changed again while it was being made, which the next offer will tell.
   */
  #sections(sdp) {
    const purposes = /* @__PURE__ */ new Map();
    for (const [source, { mid }] of this.#sending) if (mid !== null) purposes.set(mid, { publish: source });
    for (const { transceiver, trackId } of this.#receiving) {
      if (transceiver.mid !== null) purposes.set(transceiver.mid, { subscribe: trackId ?? `gone-${transceiver.mid}` });
    }
    const sections = [];
    for (const part of sdp.split(/^m=/m).slice(1)) {
      const mid = /^a=mid:(\S+)/m.exec(part)?.[1];
      const active = /^a=(?:sendonly|recvonly|sendrecv)\s*$/m.test(part);
      const purpose = mid === void 0 ? void 0 : purposes.get(mid);
      if (mid !== void 0 && active && purpose) sections.push({ mid, ...purpose });
    }
    return sections;
  }
  #watch() {
    const { connectionState, iceConnectionState } = this.#pc;
    clearTimeout(this.#restartTimer);
    if (connectionState === "connected") this.#failures = 0;
    if (connectionState === "failed" || iceConnectionState === "failed") {
      const pause = Math.min(RESTART_MS[0] * 2 ** this.#failures, RESTART_MS[1]);
      this.#restartTimer = setTimeout(() => {
        this.#failures += 1;
        this.restart();
      }, pause);
    } else if (iceConnectionState === "disconnected") {
      this.#restartTimer = setTimeout(() => this.restart(), INTERRUPTION_MS);
    }
    this.dispatchEvent(new CustomEvent("state", { detail: { state: connectionState } }));
  }
};
function hint(source, track) {
  const wanted = HINTS[source];
  if (track && wanted && "contentHint" in track && track.contentHint === "") track.contentHint = wanted;
}
function fewerCodecs(transceiver) {
  const known = RTCRtpReceiver.getCapabilities?.("video")?.codecs;
  if (!known || typeof transceiver.setCodecPreferences !== "function") return;
  const useful = known.filter(({ mimeType, sdpFmtpLine = "" }) => {
    switch (mimeType.toLowerCase()) {
      case "video/vp8":
      case "video/rtx":
        return true;
      case "video/vp9":
        return !/profile-id=[1-9]/.test(sdpFmtpLine);
      case "video/h264":
        return /packetization-mode=1/.test(sdpFmtpLine) && !/profile-level-id=(?!42)/.test(sdpFmtpLine);
      case "video/av1":
        return !/(?:^|;)\s*profile=[1-9]/.test(sdpFmtpLine);
      default:
        return false;
    }
  });
  try {
    if (useful.some(({ mimeType }) => mimeType.toLowerCase() !== "video/rtx")) transceiver.setCodecPreferences(useful);
  } catch {
  }
}

// src/session/notices.ts
var CONNECTION_LOST = {
  code: 0,
  subCode: 4521,
  key: "connection_lost",
  message: "The connection to the service was lost and could not be restored."
};
var LEFT = { code: 0, subCode: 0, key: "left", message: "You left the meeting." };
var JOIN_REFUSED = {
  code: 400,
  subCode: 0,
  key: "refused",
  message: "The service refused the request to join."
};
function endReason(raw) {
  return { code: raw.code ?? 0, subCode: raw.subCode ?? 0, key: raw.key ?? "", message: raw.message ?? "" };
}
function mutedBy(name) {
  return { key: "muted-by", args: { name }, message: `${name || "Somebody"} muted you.` };
}
var MEDIA_TROUBLE = {
  key: "media-trouble",
  args: {},
  message: "Audio or video could not be set up. Leave and join again if it does not come back."
};
function announcement(raw) {
  const { entered = [], left = [], enteredCount = 0, leftCount = 0 } = raw;
  const parts = [];
  if (enteredCount > 0) parts.push(`${people(entered, enteredCount)} joined.`);
  if (leftCount > 0) parts.push(`${people(left, leftCount)} left.`);
  return { entered, left, enteredCount, leftCount, message: parts.join(" ") };
}
function people(names, count) {
  const shown = names.slice(0, 3);
  const more = count - shown.length;
  if (more > 0) shown.push(`${more} ${more === 1 ? "other" : "others"}`);
  return new Intl.ListFormat("en").format(shown);
}

// src/session/pace.ts
var Pace = class {
  #action;
  #pauseMs;
  /** Topics in their pause, and whether they came again. */
  #resting = /* @__PURE__ */ new Map();
  constructor(pauseMs, action) {
    this.#pauseMs = pauseMs;
    this.#action = action;
  }
  touch(topic) {
    const rest = this.#resting.get(topic);
    if (rest) {
      rest.again = true;
      return;
    }
    this.#resting.set(topic, { timer: setTimeout(() => this.#rested(topic), this.#pauseMs), again: false });
    this.#action(topic);
  }
  /** Forgets what is still to come. */
  stop() {
    for (const { timer } of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
  }
  #rested(topic) {
    const again = this.#resting.get(topic)?.again ?? false;
    this.#resting.delete(topic);
    if (again) this.touch(topic);
  }
};

// src/session/subscriptions.ts
var DEFAULT_LIMITS = { video: 24, audio: 32 };
var LINGER_MS = 5e3;
var FEW_CAMERAS = 9;
var FEW_MICROPHONES = 16;
var Subscriptions = class {
  limits = { ...DEFAULT_LIMITS };
  /** Nothing is received, as on hold. */
  paused = false;
  #isMuted;
  /** Whether cameras that nobody has spoken of may be received. */
  #eager;
  #views = /* @__PURE__ */ new Map();
  #toldViews = false;
  /** Until when (Unix milliseconds) a picture that is hidden now is received all the same. */
  #lingering = /* @__PURE__ */ new Map();
  /** When participants spoke or unmuted last, in steps of a clock of its own. */
  #active = /* @__PURE__ */ new Map();
  #clock = 0;
  #speaking = /* @__PURE__ */ new Set();
  #chosen = /* @__PURE__ */ new Set();
  #pictures = [];
  constructor(isMuted, { eager = true } = {}) {
    this.#isMuted = isMuted;
    this.#eager = eager;
  }
  /** The tracks of the last choice. */
  get chosen() {
    return this.#chosen;
  }
  /** What is seen. A picture that is not named is not shown. */
  setViews(views, now) {
    const before = this.#views;
    const first = !this.#toldViews;
    this.#toldViews = true;
    this.#views = new Map(views.map((view) => [view.trackId, view]));
    for (const { id } of this.#pictures) {
      const view = before.get(id);
      const wasShown = first || view !== void 0 && !view.hidden;
      if (wasShown && !this.#shown(id)) this.#lingering.set(id, now + LINGER_MS);
    }
    for (const id of this.#views.keys()) if (this.#shown(id)) this.#lingering.delete(id);
  }
  /** What is seen of the pictures of the last choice: nothing else is worth telling the service. */
  views() {
    if (!this.#toldViews) return [];
    return this.#pictures.map(({ id }) => this.#views.get(id) ?? { trackId: id, hidden: true });
  }
  /** @param ids of participants, the loudest first */
  setSpeaking(ids) {
    this.#speaking = new Set(ids);
    for (const id of [...ids].reverse()) this.#active.set(id, this.#clock += 1);
  }
  /** Somebody has unmuted, and may be about to speak. */
  unmuted(participantId) {
    this.#active.set(participantId, this.#clock += 1);
  }
  /** Somebody has left. */
  forget(participantId) {
    this.#active.delete(participantId);
    this.#speaking.delete(participantId);
  }
  /** Begins anew, with a new session, whose tracks are others. */
  clear() {
    this.#views.clear();
    this.#lingering.clear();
    this.#active.clear();
    this.#speaking.clear();
    this.#chosen.clear();
    this.#pictures = [];
    this.#toldViews = false;
  }
  /**
   * What to receive of all there is, and when to ask again (Unix milliseconds) though nothing else happens.
   */
  choose(tracks, now) {
    const video = [];
    const audio = [];
    for (const track of tracks) (track.kind === "video" ? video : audio).push(track);
    this.#pictures = this.paused ? [] : this.#choosePictures(video, now);
    const chosen = this.paused ? [] : [...this.#pictures, ...this.#chooseVoices(audio)];
    this.#chosen = new Set(chosen.map(({ id }) => id));
    for (const [id, until] of this.#lingering) if (until <= now || !this.#chosen.has(id)) this.#lingering.delete(id);
    const again = this.#lingering.size > 0 ? Math.min(...this.#lingering.values()) : null;
    return { tracks: chosen, again };
  }
  #choosePictures(tracks, now) {
    const few = this.#eager && !this.#toldViews && tracks.length <= FEW_CAMERAS;
    const wanted = tracks.filter((track) => {
      if (this.#shown(track.id) || (this.#lingering.get(track.id) ?? 0) > now) return true;
      return this.#eager && !this.#toldViews && (few || track.source === SCREEN);
    });
    const rank = new Map(wanted.map((track) => [track, this.#rank(track)]));
    wanted.sort((a, b) => compare(rank.get(a) ?? [], rank.get(b) ?? []));
    return wanted.slice(0, this.limits.video);
  }
  /** Larger comes first; what is received already before what is not. */
  #rank(track) {
    const view = this.#views.get(track.id);
    const area = (view?.width ?? 0) * (view?.height ?? 0);
    return [
      Number(this.#shown(track.id)),
      Number(track.source === SCREEN),
      Number(view?.pinned ?? false),
      view?.priority ?? 0,
      area,
      Number(this.#chosen.has(track.id))
    ];
  }
  #chooseVoices(tracks) {
    const few = tracks.length <= Math.min(FEW_MICROPHONES, this.limits.audio);
    const open = few ? tracks : tracks.filter((track) => track.source !== MICROPHONE || this.#audible(track.participantId));
    if (open.length <= this.limits.audio) return open;
    const rank = (track) => [
      Number(this.#speaking.has(track.participantId)),
      this.#active.get(track.participantId) ?? 0,
      Number(this.#chosen.has(track.id))
    ];
    return open.sort((a, b) => compare(rank(a), rank(b))).slice(0, this.limits.audio);
  }
  /** The news that somebody speaks may come before the news that they have unmuted. */
  #audible(participantId) {
    return this.#speaking.has(participantId) || !this.#isMuted(participantId);
  }
  #shown(id) {
    const view = this.#views.get(id);
    return view !== void 0 && !view.hidden;
  }
};
function compare(a, b) {
  for (let at = 0; at < a.length; at += 1) {
    const difference = (b[at] ?? 0) - (a[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

// src/session/reception.ts
var VIEWS_RETRY_MS = 1e3;
var PACE_MS = 100;
var Reception = class {
  #options;
  #subscriptions;
  #pace = new Pace(PACE_MS, () => this.update());
  #media = null;
  #again;
  /** Ids of tracks whose media is there. */
  #received = /* @__PURE__ */ new Set();
  /** What is seen, as long as it has not been told. */
  #views = null;
  #toldViews = "[]";
  #telling = false;
  constructor(options) {
    this.#options = options;
    this.#subscriptions = new Subscriptions(options.isMuted, { eager: options.eager });
  }
  /** How many tracks of a kind are received at most. */
  get limits() {
    return this.#subscriptions.limits;
  }
  set limits(limits) {
    this.#subscriptions.limits = { ...this.#subscriptions.limits, ...limits };
    this.touch();
  }
  /** Nothing is received while `paused`; to be followed by `update`. */
  set paused(paused) {
    this.#subscriptions.paused = paused;
  }
  /** Begins with a media connection, or ends with the one there was. */
  use(media) {
    clearTimeout(this.#again);
    this.#media = media;
    if (media) return;
    this.#toldViews = "[]";
    this.#received.clear();
    this.#subscriptions.clear();
  }
  /** For good. */
  stop() {
    clearTimeout(this.#again);
    this.#pace.stop();
  }
  /** Something is another that the choice goes by. */
  touch() {
    this.#pace.touch("choose");
  }
  setViews(views) {
    this.#subscriptions.setViews(views, Date.now());
    this.update();
  }
  /** @param ids of participants, the loudest first */
  setSpeaking(ids) {
    this.#subscriptions.setSpeaking(ids);
    this.touch();
  }
  /** A participant has unmuted. */
  unmuted(participantId) {
    this.#subscriptions.unmuted(participantId);
  }
  /** A participant has left. */
  forget(participantId) {
    this.#subscriptions.forget(participantId);
  }
  /** A track is no more. */
  drop(trackId) {
    this.#received.delete(trackId);
  }
  /** Brings what is received in line with what is to be seen and heard. */
  update() {
    clearTimeout(this.#again);
    if (!this.#media) return;
    const now = Date.now();
    const { tracks, again } = this.#subscriptions.choose(this.#options.tracks.values(), now);
    if (again !== null) this.#again = setTimeout(() => this.update(), Math.max(again - now, 0) + 1);
    this.#media.receive(tracks);
    this.adopt();
    this.#planViews();
  }
  /** Learns the media of what is received. */
  adopt() {
    const { chosen } = this.#subscriptions;
    let changed = false;
    for (const id of /* @__PURE__ */ new Set([...chosen, ...this.#received])) {
      const track = this.#options.tracks.get(id);
      const media = this.#media?.track(id) ?? null;
      if (media) this.#received.add(id);
      else this.#received.delete(id);
      if (!track || track.media === media) continue;
      track.media = media;
      changed = true;
    }
    if (changed) this.#options.changed();
  }
  #planViews() {
    const views = this.#subscriptions.views();
    const text = JSON.stringify(views);
    if (text === this.#toldViews) return;
    this.#toldViews = text;
    this.#views = views;
    if (!this.#telling) void this.#tellViews();
  }
  async #tellViews() {
    this.#telling = true;
    while (this.#views) {
      const next = this.#views;
      this.#views = null;
      try {
        await this.#options.tell(next);
      } catch (error) {
        if (error instanceof SessionOver) break;
        if (!(error instanceof RequestRefused) || error.key !== "rate_limited") continue;
        this.#views ??= next;
        await new Promise((resolve) => setTimeout(resolve, VIEWS_RETRY_MS));
      }
    }
    this.#telling = false;
  }
};

// src/session/requests.ts
var Requests = class extends EventTarget {
  /**
   * Asks the service for something, and leaves what to make of a refusal to the caller.
   *
   * @throws {RequestRefused|SessionOver}
   */
  request(kind, body) {
    return this.signaling.request(kind, body);
  }
  admit(participantIds) {
    return this.ask("admit", { participantIds });
  }
  admitAll() {
    return this.ask("admit", { all: true });
  }
  reject(participantIds) {
    return this.ask("reject", { participantIds });
  }
  remove(participantIds) {
    return this.ask("remove", { participantIds });
  }
  endMeeting() {
    return this.ask("endMeeting", {});
  }
  /** @param participantId whose; others' hands can be lowered only */
  setHand(raised, participantId = "") {
    return this.ask("setHand", { raised, participantId });
  }
  /** @param kind `REACTION_KIND_LIKE`, … */
  react(kind) {
    return this.ask("sendReaction", { kind });
  }
  /** @param participantIds with `remove`, none means everybody */
  spotlight(participantIds, { remove = false } = {}) {
    return this.ask("spotlight", { participantIds, remove });
  }
  mute(participantIds) {
    return this.ask("muteParticipants", { participantIds });
  }
  muteAll() {
    return this.ask("muteParticipants", { all: true });
  }
  /**
   * @param allowed what is left out stays
   * @param participantIds attendees; none means all of them
   */
  allowAttendees({ mic, camera }, participantIds = []) {
    return this.ask("setAttendeeMedia", { participantIds, micAllowed: mic, cameraAllowed: camera });
  }
  /** @param role `ROLE_ATTENDEE`, `ROLE_PRESENTER`, `ROLE_CO_ORGANIZER` */
  setRole(participantId, role) {
    return this.ask("setRole", { participantId, role });
  }
  rename(name) {
    return this.ask("rename", { name });
  }
  lock(locked) {
    return this.ask("lockMeeting", { locked });
  }
  /** Says what runs. */
  record({ recording, transcription }) {
    return this.ask("setRecording", { recording, transcription });
  }
  /** Lets in who waits for the meeting to begin. */
  begin() {
    return this.ask("startMeeting", {});
  }
  /** @returns null when it was refused (the person has been told) */
  async ask(kind, body) {
    try {
      return await this.signaling.request(kind, body);
    } catch (error) {
      if (error instanceof RequestRefused) {
        this.notice({ key: "refused", args: { key: error.key, reason: error.reason }, message: error.message });
      } else if (!(error instanceof SessionOver)) throw error;
      return null;
    }
  }
};

// src/session/roster.ts
function apply(known, { snapshot = false, upserted = [], left = [] }, convert) {
  const changes = { upserted: [], left: [] };
  const old = snapshot ? new Map(known) : known;
  if (snapshot) known.clear();
  for (const raw of upserted) {
    const value = convert(raw, old.get(raw.id));
    known.set(raw.id, value);
    changes.upserted.push(value);
  }
  for (const id of left) if (known.delete(id)) changes.left.push(id);
  if (snapshot) {
    for (const id of old.keys()) if (!known.has(id)) changes.left.push(id);
  }
  return changes;
}
var LABELS = { LABEL_EXTERNAL: "External", LABEL_UNVERIFIED: "Unverified" };
var label = (raw) => raw ? LABELS[raw] ?? "" : "";
function participant(raw, old) {
  return {
    id: raw.id,
    rawId: raw.rawId ?? "",
    displayName: raw.displayName ?? "",
    role: raw.role ?? "",
    external: raw.external ?? false,
    label: label(raw.label),
    micMuted: raw.micMuted ?? false,
    cameraOn: raw.cameraOn ?? false,
    screenSharing: raw.screenSharing ?? false,
    reconnecting: raw.reconnecting ?? false,
    micForbidden: raw.micForbidden ?? false,
    cameraForbidden: raw.cameraForbidden ?? false,
    nameHidden: raw.nameHidden ?? false,
    cameraCut: !raw.cameraOn && Boolean(old?.cameraOn || old?.cameraCut),
    screenCut: !raw.screenSharing && Boolean(old?.screenSharing || old?.screenCut)
  };
}
function waiting(raw) {
  return {
    id: raw.id,
    rawId: raw.rawId ?? "",
    displayName: raw.displayName ?? "",
    label: label(raw.label),
    since: Number(raw.sinceMs ?? 0)
  };
}
function remoteTrack(raw, old) {
  return {
    id: raw.id,
    participantId: raw.participantId ?? "",
    kind: raw.kind === "TRACK_KIND_AUDIO" ? "audio" : "video",
    source: raw.source ?? "",
    media: old?.media ?? null
  };
}
function chatEntry(raw) {
  return {
    id: raw.id ?? "",
    senderRawId: raw.senderRawId ?? "",
    sender: raw.senderDisplayName ?? "",
    text: raw.text ?? "",
    at: Number(raw.createdMs ?? 0),
    history: raw.history ?? false,
    edited: Number(raw.editedMs ?? 0) > 0,
    deleted: raw.deleted ?? false
  };
}
function meetingState(raw) {
  return {
    locked: raw.locked ?? false,
    recording: raw.recording ?? false,
    transcription: raw.transcription ?? false,
    spotlight: raw.spotlight ?? [],
    hands: raw.hands ?? [],
    startedAt: Number(raw.startedAtMs ?? 0),
    attendeeMicAllowed: raw.attendeeMicAllowed ?? false,
    attendeeCameraAllowed: raw.attendeeCameraAllowed ?? false,
    consentRequired: raw.consentRequired ?? false,
    nameChangeAllowed: raw.nameChangeAllowed ?? false,
    greenRoom: raw.greenRoom ?? false
  };
}

// src/session/conference.ts
var LEAVE_MS = 2e3;
var PACE_MS2 = 100;
var Conference = class extends Requests {
  state = "connecting";
  subject = "";
  joinUrl = "";
  threadId = "";
  callId = "";
  participantId = "";
  /** Own raw identifier. */
  rawId = "";
  role = "";
  capabilities = /* @__PURE__ */ new Set();
  /** Why each capability is there or not. */
  reasons = /* @__PURE__ */ new Map();
  meeting = meetingState({});
  /** Whether the person has agreed to being recorded, in this stay. */
  consented = false;
  lobbyReason = "";
  end = null;
  /** Unix milliseconds of getting in. */
  connectedAt = 0;
  chatAllowed = false;
  participants = /* @__PURE__ */ new Map();
  waiting = /* @__PURE__ */ new Map();
  tracks = /* @__PURE__ */ new Map();
  /** Ids of participants who speak now, the loudest first. */
  speaking = /* @__PURE__ */ new Set();
  #chat = new ChatLog((topic) => this.#often.touch(topic));
  #locator;
  #displayName;
  #local;
  #signaling;
  #media = null;
  #reported = "";
  #reception;
  #often;
  #held = false;
  #sendLimits = /* @__PURE__ */ new Map();
  #onLocalChange = () => this.#publish();
  #stopListening = () => {
  };
  constructor({ url, token, locator, link = "", room = "", displayName, local, onDemand = false }) {
    super();
    this.#locator = locator ?? (room ? { roomId: room } : { meetingLink: link });
    this.#displayName = displayName;
    this.#local = local;
    this.#often = new Pace(PACE_MS2, (topic) => this.#changed(topic));
    this.#signaling = new Signaling({ url, token });
    this.#reception = new Reception({
      tracks: this.tracks,
      isMuted: (id) => this.participants.get(id)?.micMuted ?? false,
      eager: !onDemand,
      tell: (views) => this.#signaling.request("setViews", { views }),
      changed: () => this.#often.touch("tracks")
    });
    const on = (type, listener) => this.#signaling.addEventListener(type, (event) => listener(event.detail));
    on("session", () => void this.#join());
    on("message", (message) => this.#receive(message));
    on("online", ({ online }) => this.#connection(online));
    on("lost", () => this.#finish(CONNECTION_LOST));
  }
  /** Begins. */
  start() {
    const stops = [onLeave(() => this.#signaling.notify("leave", {})), onReturn(() => this.#mendMedia())];
    this.#stopListening = () => stops.forEach((stop) => stop());
    this.#local.addEventListener("change", this.#onLocalChange);
    this.#signaling.connect();
  }
  /** Whether the signaling connection is down at the moment. */
  get reconnecting() {
    return (this.state === "connected" || this.state === "lobby") && !this.#signaling.online;
  }
  get mediaState() {
    return this.#media?.state ?? "new";
  }
  /** The media connection, while in the call. */
  get pc() {
    return this.#media?.pc ?? null;
  }
  /** The same, with what it knows of tracks and sources. */
  get media() {
    return this.#media;
  }
  /** How many tracks of a kind are received at most. */
  get limits() {
    return this.#reception.limits;
  }
  set limits(limits) {
    this.#reception.limits = limits;
  }
  /** On hold nothing is sent and nothing received. */
  get held() {
    return this.#held;
  }
  set held(held) {
    if (this.#held === held) return;
    this.#held = held;
    this.#reception.paused = held;
    this.#publish();
    this.#reception.update();
  }
  /** Upper bounds on what is sent of a source, for the whole stay. */
  limitSending(source, limits) {
    this.#sendLimits.set(source, limits);
    this.#media?.limit(source, limits);
  }
  /** The chat, the oldest message first. */
  get messages() {
    return this.#chat.messages;
  }
  /** Who writes in the chat, by participant id, and until when that holds (Unix milliseconds). */
  get typing() {
    return this.#chat.typing;
  }
  /** The newest message that each of the others has read, by participant id. */
  get receipts() {
    return this.#chat.receipts;
  }
  /** Sets the media connection up on new addresses. */
  restartMedia() {
    this.#media?.restart();
  }
  /** For debugging and tests. */
  get signaling() {
    return this.#signaling;
  }
  /** @param capability name as in the ACS Capabilities API */
  can(capability) {
    return this.capabilities.has(capability);
  }
  /** The caller's own entry of the roster. */
  get me() {
    return this.participants.get(this.participantId);
  }
  /** Leaves; the event with the end reason follows, also when the service does not answer. */
  async leave() {
    if (!this.#signaling.online) {
      this.#finish(LEFT);
      return;
    }
    const late = setTimeout(() => this.#finish(LEFT), LEAVE_MS);
    await this.ask("leave", {});
    clearTimeout(late);
  }
  /** Whether the caller's hand is raised. */
  get handRaised() {
    return this.meeting.hands.includes(this.participantId);
  }
  /** Agrees to being recorded, for this stay. */
  async consent() {
    if (await this.ask("grantConsent", {})) {
      this.consented = true;
      this.#changed("meeting");
    }
  }
  /** Whether the caller has one of these roles. */
  is(...roles) {
    return roles.includes(this.role);
  }
  /** Whether the caller is of the organization whose meeting it is, as far as the roster says. */
  get colleague() {
    return this.me?.external === false && !("roomId" in this.#locator);
  }
  /** @returns whether it was sent */
  async sendChat(text) {
    this.#chat.stopTyping();
    const answer = await this.ask("sendChat", { text, clientMessageId: crypto.randomUUID() });
    if (!answer) return false;
    const id = answer.kind === "done" ? answer.body.id ?? "" : "";
    const me = this.me;
    this.#chat.add({
      id,
      senderRawId: this.rawId || (me?.rawId ?? ""),
      sender: me?.displayName ?? this.#displayName,
      text,
      at: Number(id) || Date.now(),
      history: false
    });
    return true;
  }
  /** Tells the others that the caller writes; may be called at every key. Nobody hears of a refusal. */
  sendTyping() {
    this.#chat.sendTyping(() => this.request("sendTyping", {}));
  }
  /** Tells the others that the caller has read the chat up to `messageId`. Nobody hears of a refusal. */
  sendReadReceipt(messageId) {
    this.#chat.sendReceipt(() => this.request("sendReadReceipt", { messageId }));
  }
  /**
   * Says what is seen of all pictures there are, received or not; the newest list counts. It decides which of them are
   * received, and the service sends no more of them than can be seen.
   */
  setViews(views) {
    this.#reception.setViews(views);
  }
  /** Enters with a new session: at the start, and when the service no longer knows the old one. */
  async #join() {
    this.rawId = this.#signaling.rawId;
    this.#reset();
    const answer = await this.ask("join", { ...this.#locator, displayName: this.#displayName });
    if (!answer && this.state === "connecting") this.#finish(JOIN_REFUSED);
  }
  #reset() {
    this.#media?.close();
    this.#media = null;
    this.#reported = "";
    this.#reception.use(null);
    const gone = { people: [...this.participants.keys()], waiters: [...this.waiting.keys()] };
    this.participants.clear();
    this.waiting.clear();
    this.tracks.clear();
    this.speaking.clear();
    this.#chat.clear();
    this.chatAllowed = false;
    this.meeting = meetingState({});
    this.consented = false;
    if (gone.people.length > 0) this.#tell("people", { upserted: [], left: gone.people });
    if (gone.waiters.length > 0) this.#tell("waiters", { upserted: [], left: gone.waiters });
    if (this.state !== "connecting") {
      this.#setState("connecting");
      this.#changed("roster", "waiting", "tracks", "chat", "access");
    }
  }
  #receive({ kind, body }) {
    switch (kind) {
      case "lobby":
        this.subject = body.subject ?? "";
        this.lobbyReason = body.reason ?? "";
        this.#setState("lobby");
        break;
      case "connected":
        this.#connected(body);
        break;
      case "denied":
      case "ended":
        this.#finish(body.reason ?? {});
        break;
      case "roster":
        this.#learnPeople(body);
        break;
      case "lobbyRoster":
        this.#tell("waiters", apply(this.waiting, body, waiting));
        this.#often.touch("waiting");
        break;
      case "tracks":
        this.#learnTracks(body);
        break;
      case "speaking":
        this.speaking = new Set((body.speakers ?? []).map(({ participantId }) => participantId ?? ""));
        this.#reception.setSpeaking(this.speaking);
        this.#changed("speaking");
        break;
      case "chat":
        this.#chat.add(chatEntry(body));
        break;
      case "chatAccess":
        this.chatAllowed = body.allowed ?? false;
        this.#changed("access");
        break;
      case "capabilitiesChanged":
        this.role = body.role ?? "";
        this.#learnCapabilities(body);
        this.#silenceBeyondRights();
        this.#publish();
        this.#changed("access", "meeting");
        break;
      case "meetingState":
        this.meeting = meetingState(body);
        this.#often.touch("meeting");
        break;
      case "recordingState":
        this.meeting = {
          ...this.meeting,
          recording: body.recording ?? false,
          transcription: body.transcription ?? false,
          consentRequired: body.consentRequired ?? false
        };
        this.#changed("meeting");
        break;
      case "muted":
        this.#muted(body.byParticipantId ?? "");
        break;
      case "demand":
        this.#demand(body);
        break;
      case "reaction":
        this.#tell("reaction", { participantId: body.participantId ?? "", kind: body.kind ?? "" });
        break;
      case "announcement":
        this.#tell("announcement", announcement(body));
        break;
      case "typing":
        if (body.participantId) this.#chat.typed(body.participantId, body.rawId ?? "");
        break;
      case "readReceipt":
        if (body.participantId && body.participantId !== this.participantId) this.#chat.read(body.participantId, body.messageId ?? "");
        break;
      default:
    }
  }
  #learnCapabilities({ capabilities = [], states = [] }) {
    this.capabilities = new Set(capabilities);
    this.reasons = new Map(states.map(({ name, reason }) => [name, reason ?? ""]));
  }
  /** What was taken away is switched off, so that it does not come back by itself when it is given back. */
  #silenceBeyondRights() {
    if (!this.can("unmuteMic") && !this.#local.muted) this.#local.setMuted(true);
    if (!this.can("turnVideoOn") && this.#local.camera) this.#local.setCamera(false);
    if (!this.can("shareScreen")) this.#local.stopScreen();
  }
  #connected(body) {
    this.participantId = body.participantId ?? "";
    this.role = body.role ?? "";
    this.#learnCapabilities(body);
    this.subject = body.subject ?? this.subject;
    this.threadId = body.threadId ?? "";
    this.callId = body.callId ?? "";
    this.joinUrl = body.joinUrl || ("meetingLink" in this.#locator ? this.#locator.meetingLink : "");
    this.connectedAt = Date.now();
    this.#media = new Media({
      offer: async (offer) => {
        const answer = await this.#signaling.request("offer", { ...offer, confirms: true });
        return answer.kind === "answer" ? answer.body : {};
      },
      // A request, so that it arrives though the connection is cut; when it is refused, the call is over.
      confirm: () => void this.#signaling.request("confirmAnswer", {}).catch(() => {
      })
    });
    this.#media.addEventListener("state", () => this.#changed("connection"));
    this.#media.addEventListener("received", () => this.#reception.adopt());
    this.#media.addEventListener("trouble", (event) => {
      console.error("media negotiation", event.detail.error);
      this.notice(MEDIA_TROUBLE);
    });
    for (const [source, limits] of this.#sendLimits) this.#media.limit(source, limits);
    this.#reception.use(this.#media);
    this.#setState("connected");
    this.#publish();
    this.#reception.update();
  }
  #demand({ mid = "", trackId = "", watched = false, rids = [] }) {
    this.#media?.demand(mid, { trackId, watched, rids });
  }
  #muted(byParticipantId) {
    this.#local.setMuted(true);
    this.#tell("muted", { byParticipantId });
    this.notice(mutedBy(this.participants.get(byParticipantId)?.displayName ?? ""));
  }
  /** Brings what is sent in line with the devices, and tells the others. */
  #publish() {
    if (this.state !== "connected" || !this.#media) return;
    const { microphone, camera, screen, muted } = this.#local;
    const failed = (error) => console.error("publishing", error);
    const may = (capability) => !this.#held && this.can(capability);
    const [speaks, shows, shares] = [may("unmuteMic"), may("turnVideoOn"), may("shareScreen")];
    this.#media.publish(MICROPHONE, speaks ? microphone : null).catch(failed);
    this.#media.publish(CAMERA, shows ? camera : null).catch(failed);
    this.#media.publish(SCREEN, shares ? screen : null).catch(failed);
    const mediaState = {
      micMuted: muted || !speaks,
      cameraOn: shows && camera !== null,
      screenSharing: shares && screen !== null
    };
    const text = JSON.stringify(mediaState);
    if (text === this.#reported) return;
    this.#reported = text;
    void this.ask("mediaState", mediaState);
  }
  #learnPeople(update) {
    const muted = /* @__PURE__ */ new Set();
    for (const { id } of update.upserted ?? []) if (this.participants.get(id)?.micMuted) muted.add(id);
    const changes = apply(this.participants, update, participant);
    for (const { id, micMuted } of changes.upserted) if (!micMuted && muted.has(id)) this.#reception.unmuted(id);
    for (const id of changes.left) this.#reception.forget(id);
    this.#tell("people", changes);
    this.#reception.touch();
    this.#often.touch("roster");
    this.#often.touch("meeting");
  }
  #learnTracks({ snapshot, added, removed }) {
    const { left } = apply(this.tracks, { snapshot, upserted: added, left: removed }, remoteTrack);
    for (const id of left) this.#reception.drop(id);
    this.#reception.touch();
    this.#often.touch("tracks");
  }
  #connection(online) {
    if (online) this.#mendMedia();
    this.#changed("connection");
  }
  /** The pause before a restart need not end when something has just come back. */
  #mendMedia() {
    if (this.#media && ["disconnected", "failed"].includes(this.#media.state)) this.#media.restart();
  }
  #finish(reason) {
    if (this.state === "ended") return;
    this.#stopListening();
    this.#often.stop();
    this.#reception.stop();
    this.#chat.stop();
    this.#local.removeEventListener("change", this.#onLocalChange);
    this.#signaling.close();
    this.#media?.close();
    this.end = endReason(reason);
    this.#setState("ended");
  }
  #setState(state) {
    if (this.state === state && state !== "lobby") return;
    this.state = state;
    this.#changed("state");
  }
  notice(notice) {
    this.#tell("notice", notice);
  }
  #changed(...topics) {
    for (const topic of topics) this.#tell("change", { topic });
  }
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
};
export {
  CAMERA,
  CONSTRAINTS,
  Conference,
  MICROPHONE,
  RequestRefused,
  SCREEN,
  SessionOver,
  Signaling,
  captureScreen,
  problemOf
};
