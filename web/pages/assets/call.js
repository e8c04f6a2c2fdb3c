/**
 * One stay in one meeting: joining, the lobby, the call, its end. Holds what is known about the meeting, and connects
 * signaling, media and this computer's devices. Knows nothing of the page.
 * @module call
 */

import { CAMERA, MICROPHONE, Media, SCREEN } from './media.js';
import { RequestRefused, SessionOver, Signaling } from './signaling.js';

/**
 * @typedef {object} Participant
 * @property {string} id
 * @property {string} rawId
 * @property {string} displayName
 * @property {string} role `ROLE_ORGANIZER`, `ROLE_CO_ORGANIZER`, `ROLE_PRESENTER`, `ROLE_ATTENDEE`, `ROLE_CONSUMER`, `ROLE_COLLABORATOR`
 * @property {boolean} external
 * @property {string} label `External`, `Unverified` or nothing
 * @property {boolean} micMuted
 * @property {boolean} cameraOn
 * @property {boolean} screenSharing
 * @property {boolean} reconnecting
 * @property {boolean} micForbidden an attendee who may not unmute
 * @property {boolean} cameraForbidden an attendee who may not turn the camera on
 * @property {boolean} cameraCut the camera was on and is off, whatever is still sent
 * @property {boolean} screenCut the same of the screen
 *
 * @typedef {object} MeetingState
 * @property {boolean} locked
 * @property {boolean} recording
 * @property {boolean} transcription
 * @property {string[]} spotlight participant ids
 * @property {string[]} hands participant ids, the longest raised first
 * @property {number} startedAt Unix milliseconds; 0 before
 * @property {boolean} attendeeMicAllowed
 * @property {boolean} attendeeCameraAllowed
 * @property {boolean} consentRequired
 * @property {boolean} nameChangeAllowed
 * @property {boolean} greenRoom
 *
 * @typedef {{id: string, displayName: string, since: number}} Waiting
 * @typedef {{id: string, participantId: string, kind: 'audio'|'video', source: string, media: MediaStreamTrack|null}} RemoteTrack
 * @typedef {{id: string, senderRawId: string, sender: string, text: string, at: number, history: boolean}} ChatEntry
 * @typedef {{code: number, subCode: number, key: string, message: string}} EndReason
 */

/** @type {EndReason} */
const CONNECTION_LOST = {
  code: 0,
  subCode: 4521,
  key: 'connection_lost',
  message: 'The connection to the service was lost and could not be restored.',
};

/** Pause before the service is told again of what is seen, when it was told too often. */
const VIEWS_RETRY_MS = 1_000;

/**
 * Every change is announced by the event `change` with `detail.topic`: `state`, `roster`, `waiting`, `tracks`,
 * `speaking`, `chat`, `access`, `meeting`, `connection`. The event `notice` (`detail: {text}`) carries a sentence for the
 * person, `announcement` (`detail: {text}`) one about who came and went, `reaction` (`detail: {participantId, kind}`) a
 * reaction.
 */
export class Call extends EventTarget {
  /** @type {'connecting'|'lobby'|'connected'|'ended'} */
  state = 'connecting';
  subject = '';
  joinUrl = '';
  threadId = '';
  participantId = '';
  rawId = '';
  role = '';
  /** @type {Set<string>} */
  capabilities = new Set();
  /** Why each capability is there or not. @type {Map<string, string>} */
  reasons = new Map();
  /** @type {MeetingState} */
  meeting = meetingState({});
  /** Whether the person has agreed to being recorded, in this stay. */
  consented = false;
  /** @type {'REASON_WAIT_FOR_ADMIT'|'REASON_WAIT_FOR_START'|''} */
  lobbyReason = '';
  /** @type {EndReason|null} */
  end = null;
  /** Unix milliseconds of getting in. */
  connectedAt = 0;
  chatAllowed = false;
  /** @type {Map<string, Participant>} */
  participants = new Map();
  /** @type {Map<string, Waiting>} */
  waiting = new Map();
  /** @type {Map<string, RemoteTrack>} */
  tracks = new Map();
  /** Ids of participants who speak now. @type {Set<string>} */
  speaking = new Set();
  /** @type {ChatEntry[]} */
  messages = [];
  #link;
  #room;
  #displayName;
  #local;
  #signaling;
  /** @type {Media|null} */
  #media = null;
  #reported = '';
  /** What is seen, as long as it has not been told. @type {import('./views.js').View[]|null} */
  #views = null;
  #tellingViews = false;
  #onLocalChange = () => this.#publish();
  #onPageHide = () => this.#signaling.notify('leave', {});

  /**
   * @param {object} options
   * @param {string} options.url of the signaling WebSocket
   * @param {string} options.token access token of a guest or a Teams user
   * @param {string} [options.link] meeting link
   * @param {string} [options.room] id of a room, instead of a link
   * @param {string} options.displayName
   * @param {import('./devices.js').LocalMedia} options.local
   */
  constructor({ url, token, link = '', room = '', displayName, local }) {
    super();
    this.#link = link;
    this.#room = room;
    this.#displayName = displayName;
    this.#local = local;
    this.#signaling = new Signaling({ url, token });
    this.#signaling.addEventListener('session', () => this.#join());
    this.#signaling.addEventListener('message', ({ detail }) => this.#receive(detail));
    this.#signaling.addEventListener('online', ({ detail }) => this.#connection(detail.online));
    this.#signaling.addEventListener('lost', () => this.#finish(CONNECTION_LOST));
  }

  /** Begins. */
  start() {
    window.addEventListener('pagehide', this.#onPageHide);
    this.#local.addEventListener('change', this.#onLocalChange);
    this.#signaling.connect();
  }

  /** Whether the signaling connection is down at the moment. */
  get reconnecting() {
    return (this.state === 'connected' || this.state === 'lobby') && !this.#signaling.online;
  }

  /** @returns {RTCPeerConnectionState|'new'} */
  get mediaState() {
    return this.#media?.state ?? 'new';
  }

  /** The media connection, while in the call. @returns {RTCPeerConnection|null} */
  get pc() {
    return this.#media?.pc ?? null;
  }

  /** Sets the media connection up on new addresses. */
  restartMedia() {
    this.#media?.restart();
  }

  /** For debugging and tests. */
  get signaling() {
    return this.#signaling;
  }

  /** @param {string} capability name as in the ACS Capabilities API */
  can(capability) {
    return this.capabilities.has(capability);
  }

  /** The caller's own entry of the roster. @returns {Participant|undefined} */
  get me() {
    return this.participants.get(this.participantId);
  }

  /** Leaves; the event with the end reason follows, also when the service does not answer. */
  async leave() {
    const left = { code: 0, subCode: 0, key: 'left', message: 'You left the meeting.' };
    if (!this.#signaling.online) {
      this.#finish(left);
      return;
    }
    const late = setTimeout(() => this.#finish(left), 2_000);
    await this.#request('leave', {});
    clearTimeout(late);
  }

  /** @param {string[]} participantIds */
  admit(participantIds) {
    return this.#request('admit', { participantIds });
  }

  admitAll() {
    return this.#request('admit', { all: true });
  }

  /** @param {string[]} participantIds */
  reject(participantIds) {
    return this.#request('reject', { participantIds });
  }

  /** @param {string[]} participantIds */
  remove(participantIds) {
    return this.#request('remove', { participantIds });
  }

  endMeeting() {
    return this.#request('endMeeting', {});
  }

  /** Whether the caller's hand is raised. */
  get handRaised() {
    return this.meeting.hands.includes(this.participantId);
  }

  /**
   * @param {boolean} raised
   * @param {string} [participantId] whose; others' hands can be lowered only
   */
  setHand(raised, participantId = '') {
    return this.#request('setHand', { raised, participantId });
  }

  /** @param {string} kind `REACTION_KIND_LIKE`, … */
  react(kind) {
    return this.#request('sendReaction', { kind });
  }

  /**
   * @param {string[]} participantIds with `remove`, none means everybody
   * @param {{remove?: boolean}} [options]
   */
  spotlight(participantIds, { remove = false } = {}) {
    return this.#request('spotlight', { participantIds, remove });
  }

  /** @param {string[]} participantIds */
  mute(participantIds) {
    return this.#request('muteParticipants', { participantIds });
  }

  muteAll() {
    return this.#request('muteParticipants', { all: true });
  }

  /**
   * @param {{mic?: boolean, camera?: boolean}} allowed what is left out stays
   * @param {string[]} [participantIds] attendees; none means all of them
   */
  allowAttendees({ mic, camera }, participantIds = []) {
    return this.#request('setAttendeeMedia', { participantIds, micAllowed: mic, cameraAllowed: camera });
  }

  /**
   * @param {string} participantId
   * @param {string} role `ROLE_ATTENDEE`, `ROLE_PRESENTER`, `ROLE_CO_ORGANIZER`
   */
  setRole(participantId, role) {
    return this.#request('setRole', { participantId, role });
  }

  /** @param {string} name */
  rename(name) {
    return this.#request('rename', { name });
  }

  /** @param {boolean} locked */
  lock(locked) {
    return this.#request('lockMeeting', { locked });
  }

  /** @param {{recording: boolean, transcription: boolean}} runs */
  record({ recording, transcription }) {
    return this.#request('setRecording', { recording, transcription });
  }

  /** Agrees to being recorded, for this stay. */
  async consent() {
    if (await this.#request('grantConsent', {})) {
      this.consented = true;
      this.#changed('meeting');
    }
  }

  /** Lets in who waits for the meeting to begin. */
  begin() {
    return this.#request('startMeeting', {});
  }

  /** Whether the caller has one of these roles. @param {...string} roles */
  is(...roles) {
    return roles.includes(this.role);
  }

  /** Whether the caller is of the organization whose meeting it is, as far as the roster says. */
  get colleague() {
    return this.me?.external === false && !this.#room;
  }

  /**
   * @param {string} text
   * @returns {Promise<boolean>} whether it was sent
   */
  async sendChat(text) {
    const answer = await this.#request('sendChat', { text, clientMessageId: crypto.randomUUID() });
    if (!answer) return false;
    const me = this.me;
    this.#addMessage({
      id: answer.body.id ?? '',
      senderRawId: this.rawId || (me?.rawId ?? ''),
      sender: me?.displayName ?? this.#displayName,
      text,
      at: Number(answer.body.id) || Date.now(),
      history: false,
    });
    return true;
  }

  /**
   * Says what is seen of the pictures received; the newest list counts.
   * @param {import('./views.js').View[]} views
   */
  async setViews(views) {
    this.#views = views;
    if (this.#tellingViews) return;
    this.#tellingViews = true;
    while (this.#views) {
      const next = this.#views;
      this.#views = null;
      try {
        await this.#signaling.request('setViews', { views: next });
      } catch (error) {
        if (error instanceof SessionOver) break;
        // A service that does not know of views sends everything; one that is asked too often is asked again later.
        if (error.key !== 'rate_limited') continue;
        this.#views ??= next;
        await new Promise((resolve) => setTimeout(resolve, VIEWS_RETRY_MS));
      }
    }
    this.#tellingViews = false;
  }

  /** @returns {Promise<{kind: string, body: any}|null>} null when it was refused (the person has been told) */
  async #request(kind, body) {
    try {
      return await this.#signaling.request(kind, body);
    } catch (error) {
      if (error instanceof RequestRefused) this.#notice(error.message);
      else if (!(error instanceof SessionOver)) throw error;
      return null;
    }
  }

  /** Enters with a new session: at the start, and when the service no longer knows the old one. */
  async #join() {
    this.#reset();
    const locator = this.#room ? { roomId: this.#room } : { meetingLink: this.#link };
    const answer = await this.#request('join', { ...locator, displayName: this.#displayName });
    if (!answer && this.state === 'connecting') {
      this.#signaling.close();
      this.#finish({ code: 400, subCode: 0, key: 'refused', message: 'The service refused the request to join.' });
    }
  }

  #reset() {
    this.#media?.close();
    this.#media = null;
    this.#reported = '';
    this.participants.clear();
    this.waiting.clear();
    this.tracks.clear();
    this.speaking.clear();
    this.messages = [];
    this.chatAllowed = false;
    this.meeting = meetingState({});
    this.consented = false;
    if (this.state !== 'connecting') {
      this.#setState('connecting');
      this.#changed('roster', 'waiting', 'tracks', 'chat', 'access');
    }
  }

  #receive({ kind, body }) {
    switch (kind) {
      case 'lobby':
        this.subject = body.subject ?? '';
        this.lobbyReason = body.reason ?? '';
        this.#setState('lobby');
        break;
      case 'connected':
        this.#connected(body);
        break;
      case 'denied':
      case 'ended':
        this.#finish(body.reason ?? {});
        break;
      case 'roster':
        apply(this.participants, body, participant);
        this.#changed('roster');
        // A hand or a spotlight may have come before its owner.
        this.#changed('meeting');
        break;
      case 'lobbyRoster':
        apply(this.waiting, body, waiting);
        this.#changed('waiting');
        break;
      case 'tracks':
        apply(this.tracks, { snapshot: body.snapshot, upserted: body.added, left: body.removed }, remoteTrack);
        this.#subscribe();
        break;
      case 'speaking':
        this.speaking = new Set((body.speakers ?? []).map(({ participantId }) => participantId));
        this.#changed('speaking');
        break;
      case 'chat':
        this.#addMessage({
          id: body.id ?? '',
          senderRawId: body.senderRawId ?? '',
          sender: body.senderDisplayName ?? '',
          text: body.text ?? '',
          at: Number(body.createdMs ?? 0),
          history: body.history ?? false,
        });
        break;
      case 'chatAccess':
        this.chatAllowed = body.allowed ?? false;
        this.#changed('access');
        break;
      case 'capabilitiesChanged':
        this.role = body.role ?? '';
        this.#learnCapabilities(body);
        this.#silenceBeyondRights();
        this.#publish();
        this.#changed('access', 'meeting');
        break;
      case 'meetingState':
        this.meeting = meetingState(body);
        this.#changed('meeting');
        break;
      case 'recordingState':
        this.meeting = {
          ...this.meeting,
          recording: body.recording ?? false,
          transcription: body.transcription ?? false,
          consentRequired: body.consentRequired ?? false,
        };
        this.#changed('meeting');
        break;
      case 'muted': {
        const by = this.participants.get(body.byParticipantId)?.displayName || 'Somebody';
        this.#local.setMuted(true);
        this.#notice(`${by} muted you.`);
        break;
      }
      case 'demand':
        this.#media?.demand(body.mid ?? '', { trackId: body.trackId ?? '', watched: body.watched ?? false, rids: body.rids ?? [] });
        break;
      case 'reaction':
        this.dispatchEvent(new CustomEvent('reaction', { detail: { participantId: body.participantId ?? '', kind: body.kind ?? '' } }));
        break;
      case 'announcement':
        this.#announce(body);
        break;
      default:
    }
  }

  #learnCapabilities({ capabilities = [], states = [] }) {
    this.capabilities = new Set(capabilities);
    this.reasons = new Map(states.map(({ name, reason }) => [name, reason]));
  }

  /** What was taken away is switched off, so that it does not come back by itself when it is given back. */
  #silenceBeyondRights() {
    if (!this.can('unmuteMic') && !this.#local.muted) this.#local.setMuted(true);
    if (!this.can('turnVideoOn') && this.#local.camera) this.#local.setCamera(false);
    if (!this.can('shareScreen')) this.#local.stopScreen();
  }

  #announce({ entered = [], left = [], enteredCount = 0, leftCount = 0 }) {
    const parts = [];
    if (enteredCount > 0) parts.push(`${people(entered, enteredCount)} joined.`);
    if (leftCount > 0) parts.push(`${people(left, leftCount)} left.`);
    this.dispatchEvent(new CustomEvent('announcement', { detail: { text: parts.join(' ') } }));
  }

  #connected(body) {
    this.participantId = body.participantId ?? '';
    this.role = body.role ?? '';
    this.#learnCapabilities(body);
    this.subject = body.subject ?? this.subject;
    this.threadId = body.threadId ?? '';
    this.joinUrl = body.joinUrl || this.#link;
    this.connectedAt = Date.now();
    this.#media = new Media(async (offer) => {
      const { body: answer } = await this.#signaling.request('offer', offer);
      return answer;
    });
    this.#media.addEventListener('state', () => this.#changed('connection'));
    this.#media.addEventListener('trouble', ({ detail }) => {
      console.error('media negotiation', detail.error);
      this.#notice('Audio or video could not be set up. Leave and join again if it does not come back.');
    });
    this.#setState('connected');
    this.#publish();
    this.#subscribe();
  }

  /** Brings what is sent in line with the devices, and tells the others. */
  #publish() {
    if (this.state !== 'connected' || !this.#media) return;
    const { microphone, camera, screen, muted } = this.#local;
    const failed = (error) => console.error('publishing', error);
    const [speaks, shows, shares] = ['unmuteMic', 'turnVideoOn', 'shareScreen'].map((name) => this.can(name));
    this.#media.publish(MICROPHONE, speaks ? microphone : null).catch(failed);
    this.#media.publish(CAMERA, shows ? camera : null).catch(failed);
    this.#media.publish(SCREEN, shares ? screen : null).catch(failed);
    const mediaState = {
      micMuted: muted || !speaks,
      cameraOn: shows && camera !== null,
      screenSharing: shares && screen !== null,
    };
    const text = JSON.stringify(mediaState);
    if (text === this.#reported) return;
    this.#reported = text;
    // As a request, so that it is repeated if the connection drops just now.
    this.#request('mediaState', mediaState);
  }

  #subscribe() {
    if (this.#media) {
      this.#media.receive(this.tracks.values());
      for (const track of this.tracks.values()) track.media = this.#media.track(track.id);
    }
    this.#changed('tracks');
  }

  #addMessage(entry) {
    if (entry.id && this.messages.some(({ id }) => id === entry.id)) return;
    this.messages.push(entry);
    this.#changed('chat');
  }

  #connection(online) {
    if (online && this.#media && ['disconnected', 'failed'].includes(this.#media.state)) this.#media.restart();
    this.#changed('connection');
  }

  /** @param {Partial<EndReason>} reason */
  #finish(reason) {
    if (this.state === 'ended') return;
    window.removeEventListener('pagehide', this.#onPageHide);
    this.#local.removeEventListener('change', this.#onLocalChange);
    this.#signaling.close();
    this.#media?.close();
    this.end = {
      code: reason.code ?? 0,
      subCode: reason.subCode ?? 0,
      key: reason.key ?? '',
      message: reason.message ?? '',
    };
    this.#setState('ended');
  }

  #setState(state) {
    if (this.state === state && state !== 'lobby') return;
    this.state = state;
    this.#changed('state');
  }

  #notice(text) {
    this.dispatchEvent(new CustomEvent('notice', { detail: { text } }));
  }

  #changed(...topics) {
    for (const topic of topics) this.dispatchEvent(new CustomEvent('change', { detail: { topic } }));
  }
}

/**
 * Applies an update of the shape `{snapshot, upserted, left}`.
 * @template T
 * @param {Map<string, T>} known
 * @param {{snapshot?: boolean, upserted?: any[], left?: string[]}} update
 * @param {(raw: any, old: T|undefined) => T} convert
 */
function apply(known, { snapshot = false, upserted = [], left = [] }, convert) {
  const old = new Map(known);
  if (snapshot) known.clear();
  for (const raw of upserted) known.set(raw.id, convert(raw, old.get(raw.id)));
  for (const id of left) known.delete(id);
}

/** The JSON mapping leaves out what is false, 0 or empty. */
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
    greenRoom: raw.greenRoom ?? false,
  };
}

/** "Ann, Bo and 3 others". */
function people(names, count) {
  const shown = names.slice(0, 3);
  const more = count - shown.length;
  if (more > 0) shown.push(`${more} ${more === 1 ? 'other' : 'others'}`);
  return new Intl.ListFormat('en').format(shown);
}

/** What stands beside the name of somebody who is not of the organization. */
const LABELS = { LABEL_EXTERNAL: 'External', LABEL_UNVERIFIED: 'Unverified' };

function participant(raw, old) {
  return {
    id: raw.id,
    rawId: raw.rawId ?? '',
    displayName: raw.displayName ?? '',
    role: raw.role ?? '',
    external: raw.external ?? false,
    label: LABELS[raw.label] ?? '',
    micMuted: raw.micMuted ?? false,
    cameraOn: raw.cameraOn ?? false,
    screenSharing: raw.screenSharing ?? false,
    reconnecting: raw.reconnecting ?? false,
    micForbidden: raw.micForbidden ?? false,
    cameraForbidden: raw.cameraForbidden ?? false,
    cameraCut: !raw.cameraOn && Boolean(old?.cameraOn || old?.cameraCut),
    screenCut: !raw.screenSharing && Boolean(old?.screenSharing || old?.screenCut),
  };
}

function waiting(raw) {
  return { id: raw.id, displayName: raw.displayName ?? '', label: LABELS[raw.label] ?? '', since: Number(raw.sinceMs ?? 0) };
}

function remoteTrack(raw) {
  return {
    id: raw.id,
    participantId: raw.participantId ?? '',
    kind: raw.kind === 'TRACK_KIND_AUDIO' ? 'audio' : 'video',
    source: raw.source ?? '',
    media: null,
  };
}
