/** One call. */

import type {
  CommunicationIdentifier,
  CommunicationUserIdentifier,
  MicrosoftTeamsAppIdentifier,
  MicrosoftTeamsUserIdentifier,
  PhoneNumberIdentifier,
  UnknownIdentifier,
} from '@azure/communication-common';

import type { LocalAudioStream } from '../devices/local-audio-stream.js';
import type { LocalVideoStream } from '../devices/local-video-stream.js';
import type {
  CallEndReason,
  CallerInfo,
  CollectionUpdatedEvent,
  CustomContext,
  DtmfTone,
  ParticipantRole,
  PropertyChangedEvent,
} from './common.js';
import type { CallFeature, CallFeatureFactory } from './feature.js';
import type { TransferorInfo } from './features/transfer.js';
import type { Lobby, RemoteParticipant } from './participant.js';
import type { MediaConstraints, RemoteAudioStream } from './streams.js';

export type CallState =
  | 'None'
  | 'Connecting'
  | 'Ringing'
  | 'EarlyMedia'
  | 'Connected'
  | 'LocalHold'
  | 'RemoteHold'
  | 'InLobby'
  | 'Disconnecting'
  | 'Disconnected';

export type CallDirection = 'Incoming' | 'Outgoing';

/** Which kind of user is in the call. */
export enum CallKind {
  Call = 'Call',
  TeamsCall = 'TeamsCall',
}

export interface CallInfoCommon {
  readonly participantId: string;
  getConnectedCallId?(): Promise<string>;
  /** Same id for everybody in the call, for the server's APIs. */
  getServerCallId(): Promise<string>;
  on?(event: 'groupIdChanged' | 'threadIdChanged', listener: PropertyChangedEvent): void;
  off?(event: 'groupIdChanged' | 'threadIdChanged', listener: PropertyChangedEvent): void;
}

export interface CallInfo extends CallInfoCommon {
  readonly groupId?: string;
  /** The chat of the meeting. */
  readonly threadId?: string;
  readonly context?: CustomContext;
}

export interface TeamsCallInfo extends CallInfoCommon {
  readonly threadId?: string;
  readonly groupId?: string;
}

export interface HangUpOptions {
  /** Ends the call for everybody; for those who may. */
  forEveryone?: boolean;
}

export interface AddPhoneNumberOptions {
  alternateCallerId?: PhoneNumberIdentifier;
  customContext?: CustomContext;
}

export interface AddParticipantOptions extends AddPhoneNumberOptions {
  threadId?: string;
}

export interface AddTeamsParticipantOptions {
  threadId: string;
}

/** Payload of `mutedByOthers`. */
export interface MutedByOthersEventArgs {
  readonly participant?: RemoteParticipant;
}

/** Events of a call whose property is read again. */
export type CallPropertyEvent =
  | 'idChanged'
  | 'stateChanged'
  | 'isMutedChanged'
  | 'isScreenSharingOnChanged'
  | 'isLocalVideoStartedChanged'
  | 'isIncomingAudioMutedChanged'
  | 'roleChanged'
  | 'totalParticipantCountChanged';

/** What calls of both kinds of users have. */
export interface CallCommon {
  readonly id: string;
  readonly kind: CallKind;
  readonly state: CallState;
  /** Set before the state becomes `Disconnected`. */
  readonly callEndReason?: CallEndReason;
  readonly direction: CallDirection;
  readonly callerInfo: CallerInfo;
  readonly transferorInfo?: TransferorInfo;
  readonly isMuted: boolean;
  readonly isIncomingAudioMuted: boolean;
  readonly isScreenSharingOn: boolean;
  readonly isLocalVideoStarted: boolean;
  readonly localVideoStreams: ReadonlyArray<LocalVideoStream>;
  readonly localAudioStreams: ReadonlyArray<LocalAudioStream>;
  readonly remoteAudioStreams: ReadonlyArray<RemoteAudioStream>;
  readonly remoteParticipants: ReadonlyArray<RemoteParticipant>;
  readonly totalParticipantCount: number;
  readonly role: ParticipantRole;
  readonly lobby: Lobby;

  feature<T extends CallFeature>(factory: CallFeatureFactory<T>): T;
  hangUp(options?: HangUpOptions): Promise<void>;
  mute(): Promise<void>;
  unmute(): Promise<void>;
  muteIncomingAudio(): Promise<void>;
  unmuteIncomingAudio(): Promise<void>;
  muteAllRemoteParticipants(): Promise<void>;
  startAudio(localAudioStream?: LocalAudioStream): Promise<void>;
  stopAudio(): Promise<void>;
  startVideo(localVideoStream: LocalVideoStream): Promise<void>;
  stopVideo(localVideoStream: LocalVideoStream): Promise<void>;
  startScreenSharing(localVideoStream?: LocalVideoStream): Promise<void>;
  stopScreenSharing(): Promise<void>;
  hold(): Promise<void>;
  resume(): Promise<void>;
  sendDtmf(tone: DtmfTone): Promise<void>;
  removeParticipant(participant: CommunicationIdentifier): Promise<void>;
  setConstraints(constraints: MediaConstraints): Promise<void>;
  dispose(): void;

  on(event: CallPropertyEvent, listener: PropertyChangedEvent): void;
  on(event: 'mutedByOthers', listener: (args: MutedByOthersEventArgs) => void): void;
  on(event: 'remoteParticipantsUpdated', listener: CollectionUpdatedEvent<RemoteParticipant>): void;
  on(event: 'localVideoStreamsUpdated', listener: CollectionUpdatedEvent<LocalVideoStream>): void;
  on(event: 'localAudioStreamsUpdated', listener: CollectionUpdatedEvent<LocalAudioStream>): void;
  on(event: 'remoteAudioStreamsUpdated', listener: CollectionUpdatedEvent<RemoteAudioStream>): void;
  off(event: CallPropertyEvent, listener: PropertyChangedEvent): void;
  off(event: 'mutedByOthers', listener: (args: MutedByOthersEventArgs) => void): void;
  off(event: 'remoteParticipantsUpdated', listener: CollectionUpdatedEvent<RemoteParticipant>): void;
  off(event: 'localVideoStreamsUpdated', listener: CollectionUpdatedEvent<LocalVideoStream>): void;
  off(event: 'localAudioStreamsUpdated', listener: CollectionUpdatedEvent<LocalAudioStream>): void;
  off(event: 'remoteAudioStreamsUpdated', listener: CollectionUpdatedEvent<RemoteAudioStream>): void;
}

/** A call of an ACS user. */
export interface Call extends CallCommon {
  readonly info: CallInfo;
  addParticipant(
    participant: CommunicationUserIdentifier | MicrosoftTeamsUserIdentifier | MicrosoftTeamsAppIdentifier | UnknownIdentifier,
    options?: AddParticipantOptions,
  ): RemoteParticipant;
  addParticipant(participant: PhoneNumberIdentifier, options?: AddPhoneNumberOptions): RemoteParticipant;
}

/** A call of a Teams user. */
export interface TeamsCall extends CallCommon {
  readonly info: TeamsCallInfo;
  addParticipant(participant: MicrosoftTeamsUserIdentifier, options?: AddTeamsParticipantOptions): RemoteParticipant;
  addParticipant(participant: PhoneNumberIdentifier, options?: AddTeamsParticipantOptions): RemoteParticipant;
  addParticipant(participant: MicrosoftTeamsAppIdentifier | UnknownIdentifier): RemoteParticipant;
}
