/**
 * The signaling messages as JSON: `anteroom/signaling/v1/signaling.proto` in the protobuf JSON mapping, which leaves out
 * what is false, 0 or empty, and writes 64-bit integers as strings. What they mean stands there.
 */

/** Why a session is over. */
export interface EndReasonMessage {
  code?: number;
  subCode?: number;
  key?: string;
  message?: string;
}

export interface CapabilityState {
  name: string;
  isPresent?: boolean;
  reason?: string;
}

export interface Welcome {
  sessionId?: string;
  resumeToken?: string;
  resumeWindowMs?: number;
  resumed?: boolean;
  rawId?: string;
  pingIntervalMs?: number;
}

export interface Lobby {
  reason?: LobbyReason;
  timeoutSeconds?: number;
  subject?: string;
}

export type LobbyReason = 'REASON_WAIT_FOR_ADMIT' | 'REASON_WAIT_FOR_START';

export interface Rights {
  role?: string;
  capabilities?: string[];
  states?: CapabilityState[];
}

export interface Connected extends Rights {
  participantId?: string;
  subject?: string;
  threadId?: string;
  callId?: string;
  joinUrl?: string;
}

export interface ParticipantMessage {
  id: string;
  rawId?: string;
  displayName?: string;
  role?: string;
  external?: boolean;
  micMuted?: boolean;
  cameraOn?: boolean;
  screenSharing?: boolean;
  reconnecting?: boolean;
  micForbidden?: boolean;
  cameraForbidden?: boolean;
  label?: string;
  nameHidden?: boolean;
}

export interface LobbyParticipantMessage {
  id: string;
  rawId?: string;
  displayName?: string;
  sinceMs?: string;
  label?: string;
}

export interface Update<T> {
  snapshot?: boolean;
  upserted?: T[];
  left?: string[];
}

export interface TrackMessage {
  id: string;
  participantId?: string;
  kind?: string;
  source?: Source;
}

/** Where a track comes from. */
export type Source = 'TRACK_SOURCE_MICROPHONE' | 'TRACK_SOURCE_CAMERA' | 'TRACK_SOURCE_SCREEN';

export interface TracksUpdate {
  snapshot?: boolean;
  added?: TrackMessage[];
  removed?: string[];
}

export interface Speaking {
  speakers?: { participantId?: string; level?: number }[];
}

export interface ChatMessage {
  id?: string;
  senderRawId?: string;
  senderDisplayName?: string;
  text?: string;
  createdMs?: string;
  history?: boolean;
  nameHidden?: boolean;
  /** When it was last changed, Unix milliseconds. */
  editedMs?: string;
  deleted?: boolean;
}

export interface MeetingStateMessage {
  locked?: boolean;
  recording?: boolean;
  transcription?: boolean;
  spotlight?: string[];
  hands?: string[];
  startedAtMs?: string;
  attendeeMicAllowed?: boolean;
  attendeeCameraAllowed?: boolean;
  consentRequired?: boolean;
  nameChangeAllowed?: boolean;
  greenRoom?: boolean;
}

export interface RecordingState {
  recording?: boolean;
  transcription?: boolean;
  consentRequired?: boolean;
  byParticipantId?: string;
}

export interface AnnouncementMessage {
  entered?: string[];
  left?: string[];
  enteredCount?: number;
  leftCount?: number;
}

export interface DemandMessage {
  trackId?: string;
  mid?: string;
  watched?: boolean;
  rids?: string[];
}

export interface Answer {
  sdp?: string;
  missingTracks?: string[];
}

export interface ErrorMessage {
  key?: string;
  message?: string;
  capability?: string;
  reason?: string;
}

/** What the service says, by kind. */
export interface ServerBodies {
  welcome: Welcome;
  lobby: Lobby;
  connected: Connected;
  denied: { reason?: EndReasonMessage };
  ended: { reason?: EndReasonMessage };
  answer: Answer;
  roster: Update<ParticipantMessage>;
  lobbyRoster: Update<LobbyParticipantMessage>;
  tracks: TracksUpdate;
  speaking: Speaking;
  chat: ChatMessage;
  chatAccess: { allowed?: boolean };
  done: { id?: string };
  error: ErrorMessage;
  pong: object;
  capabilitiesChanged: Rights;
  meetingState: MeetingStateMessage;
  recordingState: RecordingState;
  reaction: { participantId?: string; kind?: string };
  announcement: AnnouncementMessage;
  muted: { byParticipantId?: string };
  demand: DemandMessage;
  typing: { participantId?: string; rawId?: string; displayName?: string; nameHidden?: boolean };
  readReceipt: { participantId?: string; messageId?: string; rawId?: string };
}

export type ServerKind = keyof ServerBodies;

/** One of them. */
export type ServerMessage = { [K in ServerKind]: { kind: K; body: ServerBodies[K] } }[ServerKind];

/** All kinds: a message has one of them as a member. */
export const SERVER_KINDS: readonly ServerKind[] = [
  'welcome', 'lobby', 'connected', 'denied', 'ended', 'answer', 'roster', 'lobbyRoster', 'tracks', 'speaking', 'chat',
  'chatAccess', 'done', 'error', 'pong', 'capabilitiesChanged', 'meetingState', 'recordingState', 'reaction',
  'announcement', 'muted', 'demand', 'typing', 'readReceipt',
];

/** Where to: one member of `Join`. */
export type Locator =
  | { meetingLink: string }
  | { meetingId: { meetingId: string; passcode?: string } }
  | { roomId: string }
  | { coordinates: { threadId: string; organizerId: string; tenantId: string; messageId: string } }
  | { groupId: string };

/** What of a picture is seen; sizes in the screen's own pixels. */
export interface View {
  trackId: string;
  width?: number;
  height?: number;
  /** It stands out from the others. */
  pinned?: boolean;
  /** Nothing of it is seen. */
  hidden?: boolean;
  /** 0 to 255; higher is served earlier among its like. */
  priority?: number;
}

/** What a section of an offer is for. */
export type Section = { mid: string } & ({ publish: Source } | { subscribe: string });

/** What a client asks for, by kind. */
export interface ClientBodies {
  join: Locator & { displayName: string };
  offer: { sdp: string; sections: Section[]; confirms: boolean };
  confirmAnswer: object;
  mediaState: { micMuted: boolean; cameraOn: boolean; screenSharing: boolean };
  sendChat: { text: string; clientMessageId: string };
  admit: { participantIds?: string[]; all?: boolean };
  reject: { participantIds: string[] };
  remove: { participantIds: string[] };
  endMeeting: object;
  leave: object;
  setHand: { raised: boolean; participantId?: string };
  sendReaction: { kind: string };
  spotlight: { participantIds?: string[]; remove?: boolean };
  muteParticipants: { participantIds?: string[]; all?: boolean };
  setAttendeeMedia: { participantIds?: string[]; micAllowed?: boolean; cameraAllowed?: boolean };
  setRole: { participantId: string; role: string };
  rename: { name: string };
  lockMeeting: { locked: boolean };
  setRecording: { recording: boolean; transcription: boolean };
  grantConsent: object;
  startMeeting: object;
  setViews: { views: View[] };
  sendTyping: object;
  sendReadReceipt: { messageId: string };
  preflight: { sdp: string };
  refreshToken: { token: string };
}

export type ClientKind = keyof ClientBodies;
