/**
 * One stay in one meeting: joining, the lobby, the call, its end. Holds what is known about the meeting, and connects
 * signaling, media and this computer's devices. Knows nothing of the page.
 */

import { onLeave } from './lifecycle.js';
import { CAMERA, MICROPHONE, Media, SCREEN } from './media.js';
import type {
  ClientBodies,
  ClientKind,
  Connected,
  EndReasonMessage,
  LobbyReason,
  Locator,
  Rights,
  ServerBodies,
  ServerMessage,
  View,
} from './messages.js';
import { CONNECTION_LOST, JOIN_REFUSED, LEFT, MEDIA_TROUBLE, announcement, endReason, mutedBy } from './notices.js';
import type { EndReason, Notice } from './notices.js';
import { apply, chatEntry, meetingState, participant, remoteTrack, waiting } from './roster.js';
import type { ChatEntry, MeetingState, Participant, RemoteTrack, Waiting } from './roster.js';
import { RequestRefused, SessionOver, Signaling } from './signaling.js';
import type { TokenSource } from './signaling.js';

/** Pause before the service is told again of what is seen, when it was told too often. */
const VIEWS_RETRY_MS = 1_000;
/** How long a farewell may take. */
const LEAVE_MS = 2_000;

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
}

export type ConferenceState = 'connecting' | 'lobby' | 'connected' | 'ended';

/** What `change` is about. */
export type Topic =
  | 'state' | 'roster' | 'waiting' | 'tracks' | 'speaking' | 'chat' | 'access' | 'meeting' | 'connection';

/**
 * Every change is announced by the event `change` with `detail.topic`: `state`, `roster`, `waiting`, `tracks`,
 * `speaking`, `chat`, `access`, `meeting`, `connection`. Others:
 * - `notice` (`detail: Notice`): something to tell the person
 * - `announcement` (`detail: Announcement`): who came and went
 * - `reaction` (`detail: {participantId, kind}`)
 * - `typing` (`detail: {participantId}`): somebody writes in the chat; holds for some 8 s
 * - `receipt` (`detail: {participantId, messageId}`): somebody has read the chat up to there
 * - `muted` (`detail: {byParticipantId}`): the microphone was muted by somebody else
 */
export class Conference extends EventTarget {
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
  messages: ChatEntry[] = [];
  #locator: Locator;
  #displayName: string;
  #local: LocalSources;
  #signaling: Signaling;
  #media: Media | null = null;
  #reported = '';
  /** What is seen, as long as it has not been told. */
  #views: View[] | null = null;
  #tellingViews = false;
  #onLocalChange = () => this.#publish();
  #stopListening = () => {};

  constructor({ url, token, locator, link = '', room = '', displayName, local }: ConferenceOptions) {
    super();
    this.#locator = locator ?? (room ? { roomId: room } : { meetingLink: link });
    this.#displayName = displayName;
    this.#local = local;
    this.#signaling = new Signaling({ url, token });
    const on = <T>(type: string, listener: (detail: T) => void) =>
      this.#signaling.addEventListener(type, (event) => listener((event as CustomEvent<T>).detail));
    on('session', () => void this.#join());
    on<ServerMessage>('message', (message) => this.#receive(message));
    on<{ online: boolean }>('online', ({ online }) => this.#connection(online));
    on('lost', () => this.#finish(CONNECTION_LOST));
  }

  /** Begins. */
  start(): void {
    this.#stopListening = onLeave(() => this.#signaling.notify('leave', {}));
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

  /**
   * Asks the service for something. The methods below do the same, and tell the person when it was refused.
   *
   * @throws {RequestRefused|SessionOver}
   */
  request<K extends ClientKind>(kind: K, body: ClientBodies[K]): Promise<ServerMessage> {
    return this.#signaling.request(kind, body);
  }

  /** Leaves; the event with the end reason follows, also when the service does not answer. */
  async leave(): Promise<void> {
    if (!this.#signaling.online) {
      this.#finish(LEFT);
      return;
    }
    const late = setTimeout(() => this.#finish(LEFT), LEAVE_MS);
    await this.#request('leave', {});
    clearTimeout(late);
  }

  admit(participantIds: string[]): Promise<ServerMessage | null> {
    return this.#request('admit', { participantIds });
  }

  admitAll(): Promise<ServerMessage | null> {
    return this.#request('admit', { all: true });
  }

  reject(participantIds: string[]): Promise<ServerMessage | null> {
    return this.#request('reject', { participantIds });
  }

  remove(participantIds: string[]): Promise<ServerMessage | null> {
    return this.#request('remove', { participantIds });
  }

  endMeeting(): Promise<ServerMessage | null> {
    return this.#request('endMeeting', {});
  }

  /** Whether the caller's hand is raised. */
  get handRaised(): boolean {
    return this.meeting.hands.includes(this.participantId);
  }

  /** @param participantId whose; others' hands can be lowered only */
  setHand(raised: boolean, participantId = ''): Promise<ServerMessage | null> {
    return this.#request('setHand', { raised, participantId });
  }

  /** @param kind `REACTION_KIND_LIKE`, … */
  react(kind: string): Promise<ServerMessage | null> {
    return this.#request('sendReaction', { kind });
  }

  /** @param participantIds with `remove`, none means everybody */
  spotlight(participantIds: string[], { remove = false } = {}): Promise<ServerMessage | null> {
    return this.#request('spotlight', { participantIds, remove });
  }

  mute(participantIds: string[]): Promise<ServerMessage | null> {
    return this.#request('muteParticipants', { participantIds });
  }

  muteAll(): Promise<ServerMessage | null> {
    return this.#request('muteParticipants', { all: true });
  }

  /**
   * @param allowed what is left out stays
   * @param participantIds attendees; none means all of them
   */
  allowAttendees(
    { mic, camera }: { mic?: boolean; camera?: boolean },
    participantIds: string[] = [],
  ): Promise<ServerMessage | null> {
    return this.#request('setAttendeeMedia', { participantIds, micAllowed: mic, cameraAllowed: camera });
  }

  /** @param role `ROLE_ATTENDEE`, `ROLE_PRESENTER`, `ROLE_CO_ORGANIZER` */
  setRole(participantId: string, role: string): Promise<ServerMessage | null> {
    return this.#request('setRole', { participantId, role });
  }

  rename(name: string): Promise<ServerMessage | null> {
    return this.#request('rename', { name });
  }

  lock(locked: boolean): Promise<ServerMessage | null> {
    return this.#request('lockMeeting', { locked });
  }

  /** Says what runs. */
  record({ recording, transcription }: { recording: boolean; transcription: boolean }): Promise<ServerMessage | null> {
    return this.#request('setRecording', { recording, transcription });
  }

  /** Agrees to being recorded, for this stay. */
  async consent(): Promise<void> {
    if (await this.#request('grantConsent', {})) {
      this.consented = true;
      this.#changed('meeting');
    }
  }

  /** Lets in who waits for the meeting to begin. */
  begin(): Promise<ServerMessage | null> {
    return this.#request('startMeeting', {});
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
    const answer = await this.#request('sendChat', { text, clientMessageId: crypto.randomUUID() });
    if (!answer) return false;
    const id = answer.kind === 'done' ? (answer.body.id ?? '') : '';
    const me = this.me;
    this.#addMessage({
      id,
      senderRawId: this.rawId || (me?.rawId ?? ''),
      sender: me?.displayName ?? this.#displayName,
      text,
      at: Number(id) || Date.now(),
      history: false,
    });
    return true;
  }

  /** Tells the others that the caller writes. Nobody misses it, so nobody hears of a refusal. */
  sendTyping(): Promise<boolean> {
    return this.#quietly('sendTyping', {});
  }

  /** Tells the others that the caller has read the chat up to `messageId`. */
  sendReadReceipt(messageId: string): Promise<boolean> {
    return this.#quietly('sendReadReceipt', { messageId });
  }

  /** Says what is seen of the pictures received; the newest list counts. */
  async setViews(views: View[]): Promise<void> {
    this.#views = views;
    if (this.#tellingViews) return;
    this.#tellingViews = true;
    while (this.#views) {
      const next: View[] = this.#views;
      this.#views = null;
      try {
        await this.#signaling.request('setViews', { views: next });
      } catch (error) {
        if (error instanceof SessionOver) break;
        // A service that does not know of views sends everything; one that is asked too often is asked again later.
        if (!(error instanceof RequestRefused) || error.key !== 'rate_limited') continue;
        this.#views ??= next;
        await new Promise((resolve) => setTimeout(resolve, VIEWS_RETRY_MS));
      }
    }
    this.#tellingViews = false;
  }

  /** @returns null when it was refused (the person has been told) */
  async #request<K extends ClientKind>(kind: K, body: ClientBodies[K]): Promise<ServerMessage | null> {
    try {
      return await this.#signaling.request(kind, body);
    } catch (error) {
      if (error instanceof RequestRefused) {
        this.#notice({ key: 'refused', args: { key: error.key, reason: error.reason }, message: error.message });
      } else if (!(error instanceof SessionOver)) throw error;
      return null;
    }
  }

  async #quietly<K extends ClientKind>(kind: K, body: ClientBodies[K]): Promise<boolean> {
    try {
      await this.#signaling.request(kind, body);
      return true;
    } catch {
      return false;
    }
  }

  /** Enters with a new session: at the start, and when the service no longer knows the old one. */
  async #join(): Promise<void> {
    this.rawId = this.#signaling.rawId;
    this.#reset();
    const answer = await this.#request('join', { ...this.#locator, displayName: this.#displayName });
    if (!answer && this.state === 'connecting') this.#finish(JOIN_REFUSED);
  }

  #reset(): void {
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
        apply(this.participants, body, participant);
        // A hand or a spotlight may have come before its owner.
        this.#changed('roster', 'meeting');
        break;
      case 'lobbyRoster':
        apply(this.waiting, body, waiting);
        this.#changed('waiting');
        break;
      case 'tracks':
        this.#learnTracks(body);
        break;
      case 'speaking':
        this.speaking = new Set((body.speakers ?? []).map(({ participantId }) => participantId ?? ''));
        this.#changed('speaking');
        break;
      case 'chat':
        this.#addMessage(chatEntry(body));
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
      case 'muted':
        this.#muted(body.byParticipantId ?? '');
        break;
      case 'demand':
        this.#media?.demand(body.mid ?? '', { trackId: body.trackId ?? '', watched: body.watched ?? false, rids: body.rids ?? [] });
        break;
      case 'reaction':
        this.#tell('reaction', { participantId: body.participantId ?? '', kind: body.kind ?? '' });
        break;
      case 'announcement':
        this.#tell('announcement', announcement(body));
        break;
      case 'typing':
        this.#tell('typing', { participantId: body.participantId ?? '' });
        break;
      case 'readReceipt':
        this.#tell('receipt', { participantId: body.participantId ?? '', messageId: body.messageId ?? '' });
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
    this.#media = new Media(async (offer) => {
      const answer = await this.#signaling.request('offer', offer);
      return answer.kind === 'answer' ? answer.body : {};
    });
    this.#media.addEventListener('state', () => this.#changed('connection'));
    this.#media.addEventListener('trouble', (event) => {
      console.error('media negotiation', (event as CustomEvent<{ error: unknown }>).detail.error);
      this.#notice(MEDIA_TROUBLE);
    });
    this.#setState('connected');
    this.#publish();
    this.#subscribe();
  }

  #muted(byParticipantId: string): void {
    this.#local.setMuted(true);
    this.#tell('muted', { byParticipantId });
    this.#notice(mutedBy(this.participants.get(byParticipantId)?.displayName ?? ''));
  }

  /** Brings what is sent in line with the devices, and tells the others. */
  #publish(): void {
    if (this.state !== 'connected' || !this.#media) return;
    const { microphone, camera, screen, muted } = this.#local;
    const failed = (error: unknown) => console.error('publishing', error);
    const [speaks, shows, shares] = [this.can('unmuteMic'), this.can('turnVideoOn'), this.can('shareScreen')];
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
    void this.#request('mediaState', mediaState);
  }

  #learnTracks({ snapshot, added, removed }: ServerBodies['tracks']): void {
    apply(this.tracks, { snapshot, upserted: added, left: removed }, remoteTrack);
    this.#subscribe();
  }

  #subscribe(): void {
    if (this.#media) {
      this.#media.receive(this.tracks.values());
      for (const track of this.tracks.values()) track.media = this.#media.track(track.id);
    }
    this.#changed('tracks');
  }

  #addMessage(entry: ChatEntry): void {
    if (entry.id && this.messages.some(({ id }) => id === entry.id)) return;
    this.messages.push(entry);
    this.#changed('chat');
  }

  #connection(online: boolean): void {
    if (online && this.#media && ['disconnected', 'failed'].includes(this.#media.state)) this.#media.restart();
    this.#changed('connection');
  }

  #finish(reason: EndReasonMessage): void {
    if (this.state === 'ended') return;
    this.#stopListening();
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

  #notice(notice: Notice): void {
    this.#tell('notice', notice);
  }

  #changed(...topics: Topic[]): void {
    for (const topic of topics) this.#tell('change', { topic });
  }

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
