/** The other people in a call, and those who wait. */

import type { CommunicationIdentifierKind } from '@azure/communication-common';

import type { CallEndReason, CollectionUpdatedEvent, EndpointDetails, ParticipantRole, PropertyChangedEvent } from './common.js';
import type { RemoteVideoStream } from './streams.js';

export type RemoteParticipantState =
  | 'Idle'
  | 'Connecting'
  | 'Ringing'
  | 'Connected'
  | 'Hold'
  | 'InLobby'
  | 'EarlyMedia'
  | 'Disconnected'
  | 'Reconnecting';

/** Events of a remote participant whose property is read again. */
export type RemoteParticipantPropertyEvent =
  | 'stateChanged'
  | 'isMutedChanged'
  | 'displayNameChanged'
  | 'isSpeakingChanged'
  | 'roleChanged'
  | 'endpointDetailsChanged';

/** Somebody else in the call: one object for as long as they are in it. */
export interface RemoteParticipant {
  readonly identifier: CommunicationIdentifierKind;
  readonly displayName?: string;
  readonly state: RemoteParticipantState;
  readonly callEndReason?: CallEndReason;
  readonly videoStreams: ReadonlyArray<RemoteVideoStream>;
  readonly isMuted: boolean;
  readonly isSpeaking: boolean;
  readonly role: ParticipantRole;
  readonly endpointDetails: ReadonlyArray<EndpointDetails>;
  mute(): Promise<void>;
  on(event: RemoteParticipantPropertyEvent, listener: PropertyChangedEvent): void;
  on(event: 'videoStreamsUpdated', listener: CollectionUpdatedEvent<RemoteVideoStream>): void;
  off(event: RemoteParticipantPropertyEvent, listener: PropertyChangedEvent): void;
  off(event: 'videoStreamsUpdated', listener: CollectionUpdatedEvent<RemoteVideoStream>): void;
}

/** What became of a request about several participants. */
export interface LobbyAdmitResult {
  readonly successCount: number;
  readonly failureCount: number;
}

/** Who waits, for those who may let them in. */
export interface Lobby {
  readonly participants: ReadonlyArray<RemoteParticipant>;
  admit(participant: CommunicationIdentifierKind): Promise<void>;
  admitAll(): Promise<LobbyAdmitResult>;
  reject(participant: CommunicationIdentifierKind): Promise<void>;
  on(event: 'lobbyParticipantsUpdated', listener: CollectionUpdatedEvent<RemoteParticipant>): void;
  off(event: 'lobbyParticipantsUpdated', listener: CollectionUpdatedEvent<RemoteParticipant>): void;
}
