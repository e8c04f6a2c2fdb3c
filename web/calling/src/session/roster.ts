/**
 * What is kept of the people, tracks and settings that the service tells: the wire's shapes with everything filled in that
 * its JSON leaves out.
 */

import type {
  ChatMessage,
  LobbyParticipantMessage,
  MeetingStateMessage,
  ParticipantMessage,
  Source,
  TrackMessage,
  Update,
} from './messages.js';

export interface Participant {
  id: string;
  rawId: string;
  displayName: string;
  /** `ROLE_ORGANIZER`, `ROLE_CO_ORGANIZER`, `ROLE_PRESENTER`, `ROLE_ATTENDEE`, `ROLE_CONSUMER`, `ROLE_COLLABORATOR` */
  role: string;
  external: boolean;
  /** `External`, `Unverified` or nothing */
  label: string;
  micMuted: boolean;
  cameraOn: boolean;
  screenSharing: boolean;
  reconnecting: boolean;
  /** An attendee who may not unmute. */
  micForbidden: boolean;
  /** An attendee who may not turn the camera on. */
  cameraForbidden: boolean;
  /** The name may not be seen; `displayName` stands for it. */
  nameHidden: boolean;
  /** The camera was on and is off, whatever is still sent. */
  cameraCut: boolean;
  /** The same of the screen. */
  screenCut: boolean;
}

/** Somebody in the lobby. */
export interface Waiting {
  id: string;
  rawId: string;
  displayName: string;
  label: string;
  /** Unix milliseconds. */
  since: number;
}

export interface RemoteTrack {
  id: string;
  participantId: string;
  kind: 'audio' | 'video';
  source: Source | '';
  /** `null` while it is not received. */
  media: MediaStreamTrack | null;
}

export interface ChatEntry {
  id: string;
  senderRawId: string;
  sender: string;
  text: string;
  /** Unix milliseconds. */
  at: number;
  /** Said before this stay. */
  history: boolean;
  /** It was changed. */
  edited?: boolean;
  /** It was taken back; the text is empty. */
  deleted?: boolean;
}

export interface MeetingState {
  locked: boolean;
  recording: boolean;
  transcription: boolean;
  /** Participant ids. */
  spotlight: string[];
  /** Participant ids, the longest raised first. */
  hands: string[];
  /** Unix milliseconds; 0 before. */
  startedAt: number;
  attendeeMicAllowed: boolean;
  attendeeCameraAllowed: boolean;
  consentRequired: boolean;
  nameChangeAllowed: boolean;
  greenRoom: boolean;
}

/** What an update changed. */
export interface Changes<T> {
  /** New, or with something new of it. */
  upserted: T[];
  left: string[];
}

/** Applies an update, and says what it has changed: after a snapshot, that is who is not in it any more, too. */
export function apply<Raw extends { id: string }, T>(
  known: Map<string, T>,
  { snapshot = false, upserted = [], left = [] }: Update<Raw>,
  convert: (raw: Raw, old: T | undefined) => T,
): Changes<T> {
  const changes: Changes<T> = { upserted: [], left: [] };
  const old = snapshot ? new Map(known) : known;
  if (snapshot) known.clear();
  for (const raw of upserted) {
    const value = convert(raw, old.get(raw.id));
    known.set(raw.id, value);
    changes.upserted.push(value);
  }
  for (const id of left) if (known.delete(id)) changes.left.push(id);
  if (snapshot) for (const id of old.keys()) if (!known.has(id)) changes.left.push(id);
  return changes;
}

/** What stands beside the name of somebody who is not of the organization. */
const LABELS: Record<string, string> = { LABEL_EXTERNAL: 'External', LABEL_UNVERIFIED: 'Unverified' };

const label = (raw: string | undefined): string => (raw ? (LABELS[raw] ?? '') : '');

export function participant(raw: ParticipantMessage, old: Participant | undefined): Participant {
  return {
    id: raw.id,
    rawId: raw.rawId ?? '',
    displayName: raw.displayName ?? '',
    role: raw.role ?? '',
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
    screenCut: !raw.screenSharing && Boolean(old?.screenSharing || old?.screenCut),
  };
}

export function waiting(raw: LobbyParticipantMessage): Waiting {
  return {
    id: raw.id,
    rawId: raw.rawId ?? '',
    displayName: raw.displayName ?? '',
    label: label(raw.label),
    since: Number(raw.sinceMs ?? 0),
  };
}

/** A track that was known keeps its media. */
export function remoteTrack(raw: TrackMessage, old: RemoteTrack | undefined): RemoteTrack {
  return {
    id: raw.id,
    participantId: raw.participantId ?? '',
    kind: raw.kind === 'TRACK_KIND_AUDIO' ? 'audio' : 'video',
    source: raw.source ?? '',
    media: old?.media ?? null,
  };
}

export function chatEntry(raw: ChatMessage): ChatEntry {
  return {
    id: raw.id ?? '',
    senderRawId: raw.senderRawId ?? '',
    sender: raw.senderDisplayName ?? '',
    text: raw.text ?? '',
    at: Number(raw.createdMs ?? 0),
    history: raw.history ?? false,
    edited: Number(raw.editedMs ?? 0) > 0,
    deleted: raw.deleted ?? false,
  };
}

export function meetingState(raw: MeetingStateMessage): MeetingState {
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
