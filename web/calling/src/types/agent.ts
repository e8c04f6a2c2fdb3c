/** Client, agents, and calls that come in. */

import type {
  CommunicationIdentifier,
  MicrosoftTeamsAppIdentifier,
  MicrosoftTeamsUserIdentifier,
  PhoneNumberIdentifier,
  UnknownIdentifier,
} from '@azure/communication-common';

import type { LocalAudioStream } from '../devices/local-audio-stream.js';
import type { LocalVideoStream } from '../devices/local-video-stream.js';
import type { Call, CallInfo, TeamsCall, TeamsCallInfo } from './call.js';
import type {
  CallEndReason,
  CallerInfo,
  CollectionUpdatedEvent,
  CustomContext,
  DiagnosticOptions,
  EmergencyCallOptions,
  ParticipantInfo,
} from './common.js';
import type { CallAgentFeature, CallAgentFeatureFactory } from './feature.js';
import type { MediaConstraints } from './streams.js';
import type { TransferorInfo } from './features/transfer.js';
import type {
  GroupCallLocator,
  GroupChatCallLocator,
  MeetingLocator,
  RoomLocator,
  TeamsMeetingCoordinatesLocator,
  TeamsMeetingIdLocator,
  TeamsMeetingLinkLocator,
} from './locators.js';

/** Whose agent it is. */
export enum CallAgentKind {
  CallAgent = 'CallAgent',
  TeamsCallAgent = 'TeamsCallAgent',
}

export enum IncomingCallKind {
  IncomingCall = 'IncomingCall',
  TeamsIncomingCall = 'TeamsIncomingCall',
}

export type ConnectionState = 'Connected' | 'Disconnected' | 'Connecting' | 'Reconnecting';

/** Payload of `connectionStateChanged`. */
export interface ConnectionStateChangedEventArgs {
  readonly oldValue: ConnectionState;
  readonly newValue: ConnectionState;
  readonly oldState: ConnectionState;
  readonly newState: ConnectionState;
  readonly reason?: string;
}

export interface VideoOptions {
  localVideoStreams?: LocalVideoStream[];
  constraints?: MediaConstraints['video'];
}

export interface AudioOptions {
  muted?: boolean;
  localAudioStreams?: LocalAudioStream[];
}

export interface JoinCallOptions {
  videoOptions?: VideoOptions;
  audioOptions?: AudioOptions;
}

export interface AcceptCallOptions extends JoinCallOptions {}

export interface StartCallOptions extends JoinCallOptions {
  alternateCallerId?: PhoneNumberIdentifier;
  threadId?: string;
  customContext?: CustomContext;
}

export interface StartTeamsCallOptions extends JoinCallOptions {
  threadId?: string;
}

export interface StartTeamsGroupCallOptions extends JoinCallOptions {
  threadId: string;
}

export interface CallAgentOptions {
  displayName?: string;
  emergencyCallOptions?: EmergencyCallOptions;
  alternateCallerId?: PhoneNumberIdentifier;
}

/** None yet. */
export interface TeamsCallAgentOptions {}

/** For browsers behind a proxy, and TURN of one's own. Not used: Anteroom's media server is reached directly. */
export interface NetworkConfigurationOptions {
  turn?: { iceServers: { urls: string[]; username?: string; credential?: string }[] };
  proxy?: { url: string };
}

export interface CallClientOptions {
  diagnostics?: DiagnosticOptions;
  networkConfiguration?: NetworkConfigurationOptions;
  /** An `AzureLogger` of `@azure/logger`; not used. */
  logger?: unknown;
}

/** What agents of both kinds of users have. */
export interface CallAgentCommon {
  readonly kind: CallAgentKind;
  readonly connectionState: ConnectionState;
  feature<T extends CallAgentFeature>(factory: CallAgentFeatureFactory<T>): T;
  /** Ends its calls, too. */
  dispose(): Promise<void>;
  on(event: 'connectionStateChanged', listener: (args: ConnectionStateChangedEventArgs) => void): void;
  off(event: 'connectionStateChanged', listener: (args: ConnectionStateChangedEventArgs) => void): void;
}

export type IncomingCallEvent = (args: { incomingCall: IncomingCall; teamsIncomingCall?: never }) => void;
export type TeamsIncomingCallEvent = (args: { incomingCall: TeamsIncomingCall }) => void;
export type CallsUpdatedEvent = CollectionUpdatedEvent<Call>;
export type TeamsCallsUpdatedEvent = CollectionUpdatedEvent<TeamsCall>;

/** Joins, begins and receives calls for one ACS user. */
export interface CallAgent extends CallAgentCommon {
  readonly calls: ReadonlyArray<Call>;
  readonly displayName?: string;
  /** Returns at once; the call's state says how it goes. */
  join(groupLocator: GroupCallLocator | GroupChatCallLocator, options?: JoinCallOptions): Call;
  join(meetingLocator: MeetingLocator, options?: JoinCallOptions): Call;
  join(roomLocator: RoomLocator, options?: JoinCallOptions): Call;
  startCall(participants: CommunicationIdentifier[], options?: StartCallOptions): Call;
  on(event: 'incomingCall', listener: IncomingCallEvent): void;
  on(event: 'callsUpdated', listener: CollectionUpdatedEvent<Call>): void;
  on(event: 'connectionStateChanged', listener: (args: ConnectionStateChangedEventArgs) => void): void;
  off(event: 'incomingCall', listener: IncomingCallEvent): void;
  off(event: 'callsUpdated', listener: CollectionUpdatedEvent<Call>): void;
  off(event: 'connectionStateChanged', listener: (args: ConnectionStateChangedEventArgs) => void): void;
}

/** Joins, begins and receives calls for one Teams user. */
export interface TeamsCallAgent extends CallAgentCommon {
  readonly calls: ReadonlyArray<TeamsCall>;
  join(
    locator: TeamsMeetingLinkLocator | TeamsMeetingIdLocator | TeamsMeetingCoordinatesLocator,
    options?: JoinCallOptions,
  ): TeamsCall;
  startCall(
    participant: MicrosoftTeamsUserIdentifier | PhoneNumberIdentifier | MicrosoftTeamsAppIdentifier | UnknownIdentifier,
    options?: StartTeamsCallOptions,
  ): TeamsCall;
  startCall(
    participants: (MicrosoftTeamsUserIdentifier | PhoneNumberIdentifier | MicrosoftTeamsAppIdentifier | UnknownIdentifier)[],
    options: StartTeamsGroupCallOptions,
  ): TeamsCall;
  on(event: 'incomingCall', listener: TeamsIncomingCallEvent): void;
  on(event: 'callsUpdated', listener: CollectionUpdatedEvent<TeamsCall>): void;
  on(event: 'connectionStateChanged', listener: (args: ConnectionStateChangedEventArgs) => void): void;
  off(event: 'incomingCall', listener: TeamsIncomingCallEvent): void;
  off(event: 'callsUpdated', listener: CollectionUpdatedEvent<TeamsCall>): void;
  off(event: 'connectionStateChanged', listener: (args: ConnectionStateChangedEventArgs) => void): void;
}

/** Payload of `callEnded`. */
export interface CallEndedEventArgs {
  readonly callEndReason: CallEndReason;
}

export interface IncomingCallCommon {
  readonly id: string;
  readonly kind: IncomingCallKind;
  readonly callerInfo: CallerInfo;
  readonly callEndReason?: CallEndReason;
  readonly customContext?: CustomContext;
  readonly transferorInfo?: TransferorInfo;
  /** Whom the call was for, where it was sent on. */
  readonly onBehalfOfInfo?: ParticipantInfo;
  reject(): Promise<void>;
  on(event: 'callEnded', listener: (args: CallEndedEventArgs) => void): void;
  off(event: 'callEnded', listener: (args: CallEndedEventArgs) => void): void;
}

export interface IncomingCall extends IncomingCallCommon {
  readonly info: CallInfo;
  accept(options?: AcceptCallOptions): Promise<Call>;
}

export interface TeamsIncomingCall extends IncomingCallCommon {
  readonly info: TeamsCallInfo;
  accept(options?: AcceptCallOptions): Promise<TeamsCall>;
}
