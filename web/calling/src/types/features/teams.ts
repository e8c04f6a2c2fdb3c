/** What only meetings of Microsoft's service have: rooms beside the meeting, together mode, slides, dial-in numbers. */

import type { CommunicationIdentifier, CommunicationIdentifierKind, PhoneNumberIdentifier } from '@azure/communication-common';

import type { Call, TeamsCall } from '../call.js';
import type { CollectionUpdatedEvent, PropertyChangedEvent } from '../common.js';
import type { CallFeature } from '../feature.js';
import type { RemoteVideoStream, StreamSize } from '../streams.js';

// Breakout rooms.

export type BreakoutRoomState = 'unknown' | 'open' | 'closed';
/** A point in time, as text. */
export type TimestampInfo = string;

export interface Invitee {
  readonly id: CommunicationIdentifier;
}

export interface BreakoutRoom {
  readonly displayName: string;
  readonly threadId?: string;
  readonly state: BreakoutRoomState;
  readonly autoMoveParticipantToBreakoutRoom: boolean;
  readonly call?: Call | TeamsCall;
  readonly invitees: Invitee[];
  join(): Promise<Call | TeamsCall>;
  returnToMainMeeting(): Promise<Call | TeamsCall>;
}

export interface BreakoutRoomsSettings {
  readonly disableReturnToMainMeeting?: boolean;
  readonly roomEndTime?: TimestampInfo;
}

export interface BreakoutRoomsEvent {
  type: 'breakoutRooms';
  data: BreakoutRoom[] | undefined;
}

export interface BreakoutRoomsSettingsEvent {
  type: 'breakoutRoomsSettings';
  data: BreakoutRoomsSettings | undefined;
}

export interface AssignedBreakoutRoomsEvent {
  type: 'assignedBreakoutRooms';
  data: BreakoutRoom | undefined;
}

export interface JoinBreakoutRoomsEvent {
  type: 'join';
  data: Call | TeamsCall;
}

export type BreakoutRoomsEventData =
  | BreakoutRoomsEvent
  | BreakoutRoomsSettingsEvent
  | AssignedBreakoutRoomsEvent
  | JoinBreakoutRoomsEvent;
export type BreakoutRoomsUpdatedListener = (event: BreakoutRoomsEventData) => void;

export interface BreakoutRoomsCallFeature extends CallFeature {
  readonly assignedBreakoutRoom?: BreakoutRoom;
  /** Same as `assignedBreakoutRoom`; both names are in use. */
  readonly assignedBreakoutRooms?: BreakoutRoom;
  readonly breakoutRooms: ReadonlyArray<BreakoutRoom>;
  readonly breakoutRoomsSettings?: BreakoutRoomsSettings;
  on(event: 'breakoutRoomsUpdated', listener: BreakoutRoomsUpdatedListener): void;
  off(event: 'breakoutRoomsUpdated', listener: BreakoutRoomsUpdatedListener): void;
}

// Together mode.

export interface TogetherModeVideoStream extends RemoteVideoStream {}

/** Where somebody sits, in the pixels of the scene. */
export interface TogetherModeSeatingPosition {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

/** By raw id. */
export type TogetherModeSeatingMap = Map<string, TogetherModeSeatingPosition>;
export type TogetherModeSeatingListener = (args: TogetherModeSeatingMap) => void;

export interface TogetherModeCallFeature extends CallFeature {
  readonly togetherModeStream: ReadonlyArray<TogetherModeVideoStream>;
  readonly togetherModeSeatingMap: TogetherModeSeatingMap;
  get sceneSize(): StreamSize;
  set sceneSize(size: StreamSize);
  start(): Promise<void>;
  end(): Promise<void>;
  on(event: 'togetherModeStreamsUpdated', listener: CollectionUpdatedEvent<TogetherModeVideoStream>): void;
  on(event: 'togetherModeSceneUpdated' | 'togetherModeSeatingUpdated', listener: TogetherModeSeatingListener): void;
  off(event: 'togetherModeStreamsUpdated', listener: CollectionUpdatedEvent<TogetherModeVideoStream>): void;
  off(event: 'togetherModeSceneUpdated' | 'togetherModeSeatingUpdated', listener: TogetherModeSeatingListener): void;
}

// Slides.

export interface PPTLiveCallFeature extends CallFeature {
  readonly isActive: boolean;
  readonly activePresenterId?: CommunicationIdentifierKind;
  readonly target?: HTMLElement;
  on(event: 'isActiveChanged', listener: PropertyChangedEvent): void;
  off(event: 'isActiveChanged', listener: PropertyChangedEvent): void;
}

// Dial-in.

export interface TeamsMeetingAudioConferencingPhoneNumber {
  readonly tollPhoneNumber?: PhoneNumberIdentifier;
  readonly tollFreePhoneNumber?: PhoneNumberIdentifier;
  readonly countryName?: string;
  readonly cityName?: string;
}

export interface TeamsMeetingAudioConferencingDetails {
  readonly phoneConferenceId: string;
  readonly phoneNumbers: TeamsMeetingAudioConferencingPhoneNumber[];
}

export interface TeamsMeetingAudioConferencingCallFeature extends CallFeature {
  getTeamsMeetingAudioConferencingDetails(): Promise<TeamsMeetingAudioConferencingDetails>;
}
