/**
 * One stay in one meeting: joining, the lobby, the call, its end. Holds what is known about the meeting, and connects
 * signaling, media and this computer's devices. Knows nothing of the page.
 */

import { ChatLog } from './chat.js';
import { onLeave, onReturn } from './lifecycle.js';
import { CAMERA, MICROPHONE, Media, SCREEN } from './media.js';
import type { SendLimits } from './media.js';
import type {
  Connected,
  EndReasonMessage,
  LobbyReason,
  Locator,
  Rights,
  ServerBodies,
  ServerMessage,
  Source,
  View,
} from './messages.js';
import { CONNECTION_LOST, JOIN_REFUSED, LEFT, MEDIA_TROUBLE, announcement, endReason, mutedBy } from './notices.js';
import type { EndReason, Notice } from './notices.js';
import { Pace } from './pace.js';
import { Reception } from './reception.js';
import { Requests } from './requests.js';
import { apply, chatEntry, meetingState, participant, remoteTrack, waiting } from './roster.js';
import type { ChatEntry, MeetingState, Participant, RemoteTrack, Waiting } from './roster.js';
import { Signaling } from './signaling.js';
import type { Limits } from './subscriptions.js';
import type { TokenSource } from './token.js';

/** How long a farewell may take. */
const LEAVE_MS = 2_000;
/** What happens often is announced at most once in so many milliseconds. */
const PACE_MS = 100;

/** What this computer sends. The event `change` says that something of it is another. */
export interface LocalSources extends EventTarget {
  readonly microphone: MediaStreamTrack | null;
  readonly camera: MediaStreamTrack | null;
  readonly screen: MediaStreamTrack | null;
  /** Whether others hear nothing, by choice or because there is no microphone. */
  readonly muted: boolean;
  setMuted(muted: boolean): unknown;
  setCamera(on: boolean): unknown;
  stopScreen(): unknown;
}

export interface ConferenceOptions {
  /** Of the signaling WebSocket. */
  url: string;
  /** Access token of a guest or a Teams user. */
  token: TokenSource;
  /** Where to; or one of the next two. */
  locator?: Locator;
  /** Meeting link. */
  link?: string;
  /** Id of a room. */
  room?: string;
  displayName: string;
  local: LocalSources;
  /** Receive pictures only once they are shown; else a few are received before anybody says what is. */
  onDemand?: boolean;
}

export type ConferenceState = 'connecting' | 'lobby' | 'connected' | 'ended';

/** What `change` is about. */
export type Topic =
  | 'state' | 'roster' | 'waiting' | 'tracks' | 'speaking' | 'chat' | 'access' | 'meeting' | 'connection' | 'typing' | 'receipts';

/**
 * Every change is announced by the event `change` with `detail.topic`: `state`, `roster`, `waiting`, `tracks`,
 * `speaking`, `chat`, `access`, `meeting`, `connection`, `typing`, `receipts`; those that come in numbers a few times a
 * second at most. Others:
 * - `people` (`detail: Changes<Participant>`): what of the roster changed, every time
 * - `waiters` (`detail: Changes<Waiting>`): the same of the lobby
 * - `notice` (`detail: Notice`): something to tell the person
 * - `announcement` (`detail: Announcement`): who came and went
 * - `reaction` (`detail: {participantId, kind}`)
 * - `muted` (`detail: {byParticipantId}`): the microphone was muted by somebody else
 */
export class Conference extends Requests {
  state: ConferenceState = 'connecting';
  subject = '';
  joinUrl = '';
  threadId = '';
  callId = '';
  participantId = '';
  /** Own raw identifier. */
  rawId = '';
  role = '';
  capabilities = new Set<string>();
  /** Why each capability is there or not. */
  reasons = new Map<string, string>();
  meeting: MeetingState = meetingState({});
  /** Whether the person has agreed to being recorded, in this stay. */
  consented = false;
  lobbyReason: LobbyReason | '' = '';
  end: EndReason | null = null;
  /** Unix milliseconds of getting in. */
  connectedAt = 0;
  chatAllowed = false;
  participants = new Map<string, Participant>();
  waiting = new Map<string, Waiting>();
  tracks = new Map<string, RemoteTrack>();
  /** Ids of participants who speak now, the loudest first. */
  speaking = new Set<string>();
  #chat = new ChatLog((topic) => this.#often.touch(topic));
  #locator: Locator;
  #displayName: string;
  #local: LocalSources;
  #signaling: Signaling;
  #media: Media | null = null;
  #reported = '';
  #reception: Reception;
  #often: Pace<Topic>;
  #held = false;
  #sendLimits = new Map<Source, SendLimits>();
  #onLocalChange = () => this.#publish();
  #stopListening = () => {};

  constructor({ url, token, locator, link = '', room = '', displayName, local, onDemand = false }: ConferenceOptions) {
    super();
    this.#locator = locator ?? (room ? { roomId: room } : { meetingLink: link });
    this.#displayName = displayName;
    this.#local = local;
    this.#often = new Pace(PACE_MS, (topic) => this.#changed(topic));
    this.#signaling = new Signaling({ url, token });
    this.#reception = new Reception({
      tracks: this.tracks,
      isMuted: (id) => this.participants.get(id)?.micMuted ?? false,
      eager: !onDemand,
      tell: (views) => this.#signaling.request('setViews', { views }),
      changed: () => this.#often.touch('tracks'),
    });
    const on = <T>(type: string, listener: (detail: T) => void) =>
      this.#signaling.addEventListener(type, (event) => listener((event as CustomEvent<T>).detail));
    on('session', () => void this.#join());
    on<ServerMessage>('message', (message) => this.#receive(message));
    on<{ online: boolean }>('online', ({ online }) => this.#connection(online));
    on('lost', () => this.#finish(CONNECTION_LOST));
  }

  /** Begins. */
  start(): void {
    const stops = [onLeave(() => this.#signaling.notify('leave', {})), onReturn(() => this.#mendMedia())];
    this.#stopListening = () => stops.forEach((stop) => stop());
    this.#local.addEventListener('change', this.#onLocalChange);
    this.#signaling.connect();
  }

  /** Whether the signaling connection is down at the moment. */
  get reconnecting(): boolean {
    return (this.state === 'connected' || this.state === 'lobby') && !this.#signaling.online;
  }

  get mediaState(): RTCPeerConnectionState {
    return this.#media?.state ?? 'new';
  }

  /** The media connection, while in the call. */
  get pc(): RTCPeerConnection | null {
    return this.#media?.pc ?? null;
  }

  /** The same, with what it knows of tracks and sources. */
  get media(): Media | null {
    return this.#media;
  }

  /** How many tracks of a kind are received at most. */
  get limits(): Readonly<Limits> {
    return this.#reception.limits;
  }

  set limits(limits: Partial<Limits>) {
    this.#reception.limits = limits;
  }

  /** On hold nothing is sent and nothing received. */
  get held(): boolean {
    return this.#held;
  }

  set held(held: boolean) {
    if (this.#held === held) return;
    this.#held = held;
    this.#reception.paused = held;
    this.#publish();
    this.#reception.update();
  }

  /** Upper bounds on what is sent of a source, for the whole stay. */
  limitSending(source: Source, limits: SendLimits): void {
    this.#sendLimits.set(source, limits);
    this.#media?.limit(source, limits);
  }

  /** The chat, the oldest message first. */
  get messages(): ChatEntry[] {
    return this.#chat.messages;
  }

  /** Who writes in the chat, by participant id, and until when that holds (Unix milliseconds). */
  get typing(): Map<string, number> {
    return this.#chat.typing;
  }

  /** The newest message that each of the others has read, by participant id. */
  get receipts(): Map<string, string> {
    return this.#chat.receipts;
  }

  /** Sets the media connection up on new addresses. */
  restartMedia(): void {
    this.#media?.restart();
  }

  /** For debugging and tests. */
  get signaling(): Signaling {
    return this.#signaling;
  }

  /** @param capability name as in the ACS Capabilities API */
  can(capability: string): boolean {
    return this.capabilities.has(capability);
  }

  /** The caller's own entry of the roster. */
  get me(): Participant | undefined {
    return this.participants.get(this.participantId);
  }

  /** Leaves; the event with the end reason follows, also when the service does not answer. */
  async leave(): Promise<void> {
    if (!this.#signaling.online) {
      this.#finish(LEFT);
      return;
    }
    const late = setTimeout(() => this.#finish(LEFT), LEAVE_MS);
    await this.ask('leave', {});
    clearTimeout(late);
  }

  /** Whether the caller's hand is raised. */
  get handRaised(): boolean {
    return this.meeting.hands.includes(this.participantId);
  }

  /** Agrees to being recorded, for this stay. */
  async consent(): Promise<void> {
    if (await this.ask('grantConsent', {})) {
      this.consented = true;
      this.#changed('meeting');
    }
  }

  /** Whether the caller has one of these roles. */
  is(...roles: string[]): boolean {
    return roles.includes(this.role);
  }

  /** Whether the caller is of the organization whose meeting it is, as far as the roster says. */
  get colleague(): boolean {
    return this.me?.external === false && !('roomId' in this.#locator);
  }

  /** @returns whether it was sent */
  async sendChat(text: string): Promise<boolean> {
    this.#chat.stopTyping();
    const answer = await this.ask('sendChat', { text, clientMessageId: crypto.randomUUID() });
    if (!answer) return false;
    const id = answer.kind === 'done' ? (answer.body.id ?? '') : '';
    const me = this.me;
    this.#chat.add({
      id,
      senderRawId: this.rawId || (me?.rawId ?? ''),
      sender: me?.displayName ?? this.#displayName,
      text,
      at: Number(id) || Date.now(),
      history: false,
    });
    return true;
  }

  /** Tells the others that the caller writes; may be called at every key. Nobody hears of a refusal. */
  sendTyping(): void {
    this.#chat.sendTyping(() => this.request('sendTyping', {}));
  }

  /** Tells the others that the caller has read the chat up to `messageId`. Nobody hears of a refusal. */
  sendReadReceipt(messageId: string): void {
    this.#chat.sendReceipt(() => this.request('sendReadReceipt', { messageId }));
  }

  /**
   * Says what is seen of all pictures there are, received or not; the newest list counts. It decides which of them are
   * received, and the service sends no more of them than can be seen.
   */
  setViews(views: View[]): void {
    this.#reception.setViews(views);
  }

  /** Enters with a new session: at the start, and when the service no longer knows the old one. */
  async #join(): Promise<void> {
    this.rawId = this.#signaling.rawId;
    this.#reset();
    const answer = await this.ask('join', { ...this.#locator, displayName: this.#displayName });
    if (!answer && this.state === 'connecting') this.#finish(JOIN_REFUSED);
  }

  #reset(): void {
    this.#media?.close();
    this.#media = null;
    this.#reported = '';
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
    if (gone.people.length > 0) this.#tell('people', { upserted: [], left: gone.people });
    if (gone.waiters.length > 0) this.#tell('waiters', { upserted: [], left: gone.waiters });
    if (this.state !== 'connecting') {
      this.#setState('connecting');
      this.#changed('roster', 'waiting', 'tracks', 'chat', 'access');
    }
  }

  #receive({ kind, body }: ServerMessage): void {
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
        this.#learnPeople(body);
        break;
      case 'lobbyRoster':
        this.#tell('waiters', apply(this.waiting, body, waiting));
        this.#often.touch('waiting');
        break;
      case 'tracks':
        this.#learnTracks(body);
        break;
      case 'speaking':
        this.speaking = new Set((body.speakers ?? []).map(({ participantId }) => participantId ?? ''));
        this.#reception.setSpeaking(this.speaking);
        this.#changed('speaking');
        break;
      case 'chat':
        this.#chat.add(chatEntry(body));
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
        this.#often.touch('meeting');
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
      case 'muted':
        this.#muted(body.byParticipantId ?? '');
        break;
      case 'demand':
        this.#demand(body);
        break;
      case 'reaction':
        this.#tell('reaction', { participantId: body.participantId ?? '', kind: body.kind ?? '' });
        break;
      case 'announcement':
        this.#tell('announcement', announcement(body));
        break;
      case 'typing':
        // Who writes to the chat from elsewhere has no tile to show it at.
        if (body.participantId) this.#chat.typed(body.participantId, body.rawId ?? '');
        break;
      case 'readReceipt':
        if (body.participantId && body.participantId !== this.participantId) this.#chat.read(body.participantId, body.messageId ?? '');
        break;
      default:
    }
  }

  #learnCapabilities({ capabilities = [], states = [] }: Rights): void {
    this.capabilities = new Set(capabilities);
    this.reasons = new Map(states.map(({ name, reason }) => [name, reason ?? '']));
  }

  /** What was taken away is switched off, so that it does not come back by itself when it is given back. */
  #silenceBeyondRights(): void {
    if (!this.can('unmuteMic') && !this.#local.muted) this.#local.setMuted(true);
    if (!this.can('turnVideoOn') && this.#local.camera) this.#local.setCamera(false);
    if (!this.can('shareScreen')) this.#local.stopScreen();
  }

  #connected(body: Connected): void {
    this.participantId = body.participantId ?? '';
    this.role = body.role ?? '';
    this.#learnCapabilities(body);
    this.subject = body.subject ?? this.subject;
    this.threadId = body.threadId ?? '';
    this.callId = body.callId ?? '';
    this.joinUrl = body.joinUrl || ('meetingLink' in this.#locator ? this.#locator.meetingLink : '');
    this.connectedAt = Date.now();
    this.#media = new Media({
      offer: async (offer) => {
        const answer = await this.#signaling.request('offer', { ...offer, confirms: true });
        return answer.kind === 'answer' ? answer.body : {};
      },
      // A request, so that it arrives though the connection is cut; when it is refused, the call is over.
      confirm: () => void this.#signaling.request('confirmAnswer', {}).catch(() => {}),
    });
    this.#media.addEventListener('state', () => this.#changed('connection'));
    this.#media.addEventListener('received', () => this.#reception.adopt());
    this.#media.addEventListener('trouble', (event) => {
      console.error('media negotiation', (event as CustomEvent<{ error: unknown }>).detail.error);
      this.notice(MEDIA_TROUBLE);
    });
    for (const [source, limits] of this.#sendLimits) this.#media.limit(source, limits);
    this.#reception.use(this.#media);
    this.#setState('connected');
    this.#publish();
    this.#reception.update();
  }

  #demand({ mid = '', trackId = '', watched = false, rids = [] }: ServerBodies['demand']): void {
    this.#media?.demand(mid, { trackId, watched, rids });
  }

  #muted(byParticipantId: string): void {
    this.#local.setMuted(true);
    this.#tell('muted', { byParticipantId });
    this.notice(mutedBy(this.participants.get(byParticipantId)?.displayName ?? ''));
  }

  /** Brings what is sent in line with the devices, and tells the others. */
  #publish(): void {
    if (this.state !== 'connected' || !this.#media) return;
    const { microphone, camera, screen, muted } = this.#local;
    const failed = (error: unknown) => console.error('publishing', error);
    const may = (capability: string) => !this.#held && this.can(capability);
    const [speaks, shows, shares] = [may('unmuteMic'), may('turnVideoOn'), may('shareScreen')];
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
    void this.ask('mediaState', mediaState);
  }

  #learnPeople(update: ServerBodies['roster']): void {
    const muted = new Set<string>();
    for (const { id } of update.upserted ?? []) if (this.participants.get(id)?.micMuted) muted.add(id);
    const changes = apply(this.participants, update, participant);
    for (const { id, micMuted } of changes.upserted) if (!micMuted && muted.has(id)) this.#reception.unmuted(id);
    for (const id of changes.left) this.#reception.forget(id);
    this.#tell('people', changes);
    this.#reception.touch();
    this.#often.touch('roster');
    // A hand or a spotlight may have come before its owner.
    this.#often.touch('meeting');
  }

  #learnTracks({ snapshot, added, removed }: ServerBodies['tracks']): void {
    const { left } = apply(this.tracks, { snapshot, upserted: added, left: removed }, remoteTrack);
    for (const id of left) this.#reception.drop(id);
    this.#reception.touch();
    this.#often.touch('tracks');
  }

  #connection(online: boolean): void {
    if (online) this.#mendMedia();
    this.#changed('connection');
  }

  /** The pause before a restart need not end when something has just come back. */
  #mendMedia(): void {
    if (this.#media && ['disconnected', 'failed'].includes(this.#media.state)) this.#media.restart();
  }

  #finish(reason: EndReasonMessage): void {
    if (this.state === 'ended') return;
    this.#stopListening();
    this.#often.stop();
    this.#reception.stop();
    this.#chat.stop();
    this.#local.removeEventListener('change', this.#onLocalChange);
    this.#signaling.close();
    this.#media?.close();
    this.end = endReason(reason);
    this.#setState('ended');
  }

  #setState(state: ConferenceState): void {
    if (this.state === state && state !== 'lobby') return;
    this.state = state;
    this.#changed('state');
  }

  protected override notice(notice: Notice): void {
    this.#tell('notice', notice);
  }

  #changed(...topics: Topic[]): void {
    for (const topic of topics) this.#tell('change', { topic });
  }

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
