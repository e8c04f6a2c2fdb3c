// Built from web/calling/src/session by `npm run build` in web/calling. Change it there.

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
    this.#restart("ping", this.#pingIntervalMs, () => this.#send({ ping: {} }));
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
      token = typeof this.#token === "string" ? this.#token : await this.#token();
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
    this.#send({ ping: {} });
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
    if (kind === "pong") return;
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
  TRACK_SOURCE_SCREEN: [{ maxBitrate: 25e5 }]
};
var INTERRUPTION_MS = 4e3;
var RESTART_MS = [250, 8e3];
var Media = class extends EventTarget {
  #offerer;
  #pc;
  #sending = /* @__PURE__ */ new Map();
  #receiving = [];
  /** The slots in use, by track. */
  #byTrack = /* @__PURE__ */ new Map();
  #wanted = false;
  #negotiating = false;
  #closed = false;
  #restartTimer;
  #failures = 0;
  /** What is wanted of own sources, by mid. */
  #demands = /* @__PURE__ */ new Map();
  /** Tracks that are published no more. */
  #retired = /* @__PURE__ */ new Set();
  /** Changes of one sender run one after the other. */
  #adjusting = /* @__PURE__ */ new Map();
  constructor(offerer) {
    super();
    this.#offerer = offerer;
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
    if (transceiver.sender.track !== track) await transceiver.sender.replaceTrack(track);
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
    for (const [id, slot] of [...this.#byTrack]) {
      if (wanted.delete(id)) continue;
      this.#release(slot);
      changed = true;
    }
    for (const track of wanted.values()) {
      this.#assign(track);
      changed = true;
    }
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
      if (parameters.encodings.every((encoding) => encoding.active === wanted(encoding))) return;
      for (const encoding of parameters.encodings) encoding.active = wanted(encoding);
      await transceiver.sender.setParameters(parameters);
    };
    const before = this.#adjusting.get(transceiver) ?? Promise.resolve();
    const failed = (error) => console.error("layers", error);
    this.#adjusting.set(transceiver, before.then(adjust).catch(failed));
  }
  #assign({ id, kind }) {
    let slot = this.#receiving.find(
      (one) => one.trackId === null && one.kind === kind && one.transceiver.currentDirection === "inactive"
    );
    if (slot) {
      slot.trackId = id;
      slot.transceiver.direction = "recvonly";
    } else {
      slot = { transceiver: this.#pc.addTransceiver(kind, { direction: "recvonly" }), kind, trackId: id };
      this.#receiving.push(slot);
    }
    this.#byTrack.set(id, slot);
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
  /** One offer and its answer. */
  async #exchange() {
    await this.#pc.setLocalDescription(await this.#pc.createOffer());
    const sdp = this.#pc.localDescription?.sdp ?? "";
    const answer = await this.#offerer({ sdp, sections: this.#sections(sdp) });
    if (this.#closed) return;
    await this.#pc.setRemoteDescription({ type: "answer", sdp: answer.sdp ?? "" });
    for (const missing of answer.missingTracks ?? []) {
      const slot = this.#byTrack.get(missing);
      if (!slot) continue;
      this.#release(slot);
      this.#wanted = true;
    }
  }
  /**
   * Says what each active section of the offer is for. Directions are read from the offer itself: a transceiver may
   * have changed again while it was being made, which the next offer will tell.
   */
  #sections(sdp) {
    const purposes = /* @__PURE__ */ new Map();
    for (const [source, { mid }] of this.#sending) if (mid !== null) purposes.set(mid, { publish: source });
    for (const { transceiver, trackId } of this.#receiving) {
      if (transceiver.mid !== null) purposes.set(transceiver.mid, { subscribe: trackId ?? "0" });
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
    history: raw.history ?? false
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
var VIEWS_RETRY_MS = 1e3;
var LEAVE_MS = 2e3;
var Conference = class extends EventTarget {
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
  messages = [];
  #locator;
  #displayName;
  #local;
  #signaling;
  #media = null;
  #reported = "";
  /** What is seen, as long as it has not been told. */
  #views = null;
  #tellingViews = false;
  #onLocalChange = () => this.#publish();
  #stopListening = () => {
  };
  constructor({ url, token, locator, link = "", room = "", displayName, local }) {
    super();
    this.#locator = locator ?? (room ? { roomId: room } : { meetingLink: link });
    this.#displayName = displayName;
    this.#local = local;
    this.#signaling = new Signaling({ url, token });
    const on = (type, listener) => this.#signaling.addEventListener(type, (event) => listener(event.detail));
    on("session", () => void this.#join());
    on("message", (message) => this.#receive(message));
    on("online", ({ online }) => this.#connection(online));
    on("lost", () => this.#finish(CONNECTION_LOST));
  }
  /** Begins. */
  start() {
    this.#stopListening = onLeave(() => this.#signaling.notify("leave", {}));
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
  /**
   * Asks the service for something. The methods below do the same, and tell the person when it was refused.
   *
   * @throws {RequestRefused|SessionOver}
   */
  request(kind, body) {
    return this.#signaling.request(kind, body);
  }
  /** Leaves; the event with the end reason follows, also when the service does not answer. */
  async leave() {
    if (!this.#signaling.online) {
      this.#finish(LEFT);
      return;
    }
    const late = setTimeout(() => this.#finish(LEFT), LEAVE_MS);
    await this.#request("leave", {});
    clearTimeout(late);
  }
  admit(participantIds) {
    return this.#request("admit", { participantIds });
  }
  admitAll() {
    return this.#request("admit", { all: true });
  }
  reject(participantIds) {
    return this.#request("reject", { participantIds });
  }
  remove(participantIds) {
    return this.#request("remove", { participantIds });
  }
  endMeeting() {
    return this.#request("endMeeting", {});
  }
  /** Whether the caller's hand is raised. */
  get handRaised() {
    return this.meeting.hands.includes(this.participantId);
  }
  /** @param participantId whose; others' hands can be lowered only */
  setHand(raised, participantId = "") {
    return this.#request("setHand", { raised, participantId });
  }
  /** @param kind `REACTION_KIND_LIKE`, … */
  react(kind) {
    return this.#request("sendReaction", { kind });
  }
  /** @param participantIds with `remove`, none means everybody */
  spotlight(participantIds, { remove = false } = {}) {
    return this.#request("spotlight", { participantIds, remove });
  }
  mute(participantIds) {
    return this.#request("muteParticipants", { participantIds });
  }
  muteAll() {
    return this.#request("muteParticipants", { all: true });
  }
  /**
   * @param allowed what is left out stays
   * @param participantIds attendees; none means all of them
   */
  allowAttendees({ mic, camera }, participantIds = []) {
    return this.#request("setAttendeeMedia", { participantIds, micAllowed: mic, cameraAllowed: camera });
  }
  /** @param role `ROLE_ATTENDEE`, `ROLE_PRESENTER`, `ROLE_CO_ORGANIZER` */
  setRole(participantId, role) {
    return this.#request("setRole", { participantId, role });
  }
  rename(name) {
    return this.#request("rename", { name });
  }
  lock(locked) {
    return this.#request("lockMeeting", { locked });
  }
  /** Says what runs. */
  record({ recording, transcription }) {
    return this.#request("setRecording", { recording, transcription });
  }
  /** Agrees to being recorded, for this stay. */
  async consent() {
    if (await this.#request("grantConsent", {})) {
      this.consented = true;
      this.#changed("meeting");
    }
  }
  /** Lets in who waits for the meeting to begin. */
  begin() {
    return this.#request("startMeeting", {});
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
    const answer = await this.#request("sendChat", { text, clientMessageId: crypto.randomUUID() });
    if (!answer) return false;
    const id = answer.kind === "done" ? answer.body.id ?? "" : "";
    const me = this.me;
    this.#addMessage({
      id,
      senderRawId: this.rawId || (me?.rawId ?? ""),
      sender: me?.displayName ?? this.#displayName,
      text,
      at: Number(id) || Date.now(),
      history: false
    });
    return true;
  }
  /** Tells the others that the caller writes. Nobody misses it, so nobody hears of a refusal. */
  sendTyping() {
    return this.#quietly("sendTyping", {});
  }
  /** Tells the others that the caller has read the chat up to `messageId`. */
  sendReadReceipt(messageId) {
    return this.#quietly("sendReadReceipt", { messageId });
  }
  /** Says what is seen of the pictures received; the newest list counts. */
  async setViews(views) {
    this.#views = views;
    if (this.#tellingViews) return;
    this.#tellingViews = true;
    while (this.#views) {
      const next = this.#views;
      this.#views = null;
      try {
        await this.#signaling.request("setViews", { views: next });
      } catch (error) {
        if (error instanceof SessionOver) break;
        if (!(error instanceof RequestRefused) || error.key !== "rate_limited") continue;
        this.#views ??= next;
        await new Promise((resolve) => setTimeout(resolve, VIEWS_RETRY_MS));
      }
    }
    this.#tellingViews = false;
  }
  /** @returns null when it was refused (the person has been told) */
  async #request(kind, body) {
    try {
      return await this.#signaling.request(kind, body);
    } catch (error) {
      if (error instanceof RequestRefused) {
        this.#notice({ key: "refused", args: { key: error.key, reason: error.reason }, message: error.message });
      } else if (!(error instanceof SessionOver)) throw error;
      return null;
    }
  }
  async #quietly(kind, body) {
    try {
      await this.#signaling.request(kind, body);
      return true;
    } catch {
      return false;
    }
  }
  /** Enters with a new session: at the start, and when the service no longer knows the old one. */
  async #join() {
    this.rawId = this.#signaling.rawId;
    this.#reset();
    const answer = await this.#request("join", { ...this.#locator, displayName: this.#displayName });
    if (!answer && this.state === "connecting") this.#finish(JOIN_REFUSED);
  }
  #reset() {
    this.#media?.close();
    this.#media = null;
    this.#reported = "";
    this.participants.clear();
    this.waiting.clear();
    this.tracks.clear();
    this.speaking.clear();
    this.messages = [];
    this.chatAllowed = false;
    this.meeting = meetingState({});
    this.consented = false;
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
        apply(this.participants, body, participant);
        this.#changed("roster", "meeting");
        break;
      case "lobbyRoster":
        apply(this.waiting, body, waiting);
        this.#changed("waiting");
        break;
      case "tracks":
        this.#learnTracks(body);
        break;
      case "speaking":
        this.speaking = new Set((body.speakers ?? []).map(({ participantId }) => participantId ?? ""));
        this.#changed("speaking");
        break;
      case "chat":
        this.#addMessage(chatEntry(body));
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
        this.#changed("meeting");
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
        this.#media?.demand(body.mid ?? "", { trackId: body.trackId ?? "", watched: body.watched ?? false, rids: body.rids ?? [] });
        break;
      case "reaction":
        this.#tell("reaction", { participantId: body.participantId ?? "", kind: body.kind ?? "" });
        break;
      case "announcement":
        this.#tell("announcement", announcement(body));
        break;
      case "typing":
        this.#tell("typing", { participantId: body.participantId ?? "" });
        break;
      case "readReceipt":
        this.#tell("receipt", { participantId: body.participantId ?? "", messageId: body.messageId ?? "" });
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
    this.#media = new Media(async (offer) => {
      const answer = await this.#signaling.request("offer", offer);
      return answer.kind === "answer" ? answer.body : {};
    });
    this.#media.addEventListener("state", () => this.#changed("connection"));
    this.#media.addEventListener("trouble", (event) => {
      console.error("media negotiation", event.detail.error);
      this.#notice(MEDIA_TROUBLE);
    });
    this.#setState("connected");
    this.#publish();
    this.#subscribe();
  }
  #muted(byParticipantId) {
    this.#local.setMuted(true);
    this.#tell("muted", { byParticipantId });
    this.#notice(mutedBy(this.participants.get(byParticipantId)?.displayName ?? ""));
  }
  /** Brings what is sent in line with the devices, and tells the others. */
  #publish() {
    if (this.state !== "connected" || !this.#media) return;
    const { microphone, camera, screen, muted } = this.#local;
    const failed = (error) => console.error("publishing", error);
    const [speaks, shows, shares] = [this.can("unmuteMic"), this.can("turnVideoOn"), this.can("shareScreen")];
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
    void this.#request("mediaState", mediaState);
  }
  #learnTracks({ snapshot, added, removed }) {
    apply(this.tracks, { snapshot, upserted: added, left: removed }, remoteTrack);
    this.#subscribe();
  }
  #subscribe() {
    if (this.#media) {
      this.#media.receive(this.tracks.values());
      for (const track of this.tracks.values()) track.media = this.#media.track(track.id);
    }
    this.#changed("tracks");
  }
  #addMessage(entry) {
    if (entry.id && this.messages.some(({ id }) => id === entry.id)) return;
    this.messages.push(entry);
    this.#changed("chat");
  }
  #connection(online) {
    if (online && this.#media && ["disconnected", "failed"].includes(this.#media.state)) this.#media.restart();
    this.#changed("connection");
  }
  #finish(reason) {
    if (this.state === "ended") return;
    this.#stopListening();
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
  #notice(notice) {
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
  Conference,
  MICROPHONE,
  RequestRefused,
  SCREEN,
  SessionOver,
  Signaling
};
