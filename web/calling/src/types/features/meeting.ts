/** What people do in a meeting beside talking: hands, reactions, the spotlight, who may speak; recording. */

import type { CommunicationIdentifier, CommunicationIdentifierKind } from '@azure/communication-common';

import type { CollectionUpdatedEvent, PropertyChangedEvent } from '../common.js';
import type { CallFeature } from '../feature.js';

// Hands.

export interface RaisedHand {
  readonly identifier: CommunicationIdentifierKind;
  /** 1 is who raised the hand first. */
  readonly order: number;
}

export interface RaisedHandChangedEvent {
  readonly identifier: CommunicationIdentifierKind;
}

export type RaisedHandListener = (event: RaisedHandChangedEvent) => void;

/** Each event has two names, which documentation and libraries use. */
export type RaiseHandEvent = 'raisedHandEvent' | 'raisedHandChanged' | 'loweredHandEvent' | 'loweredHandChanged';

export interface RaiseHandCallFeature extends CallFeature {
  getRaisedHands(): RaisedHand[];
  raiseHand(): Promise<void>;
  /** Without participants, one's own. */
  lowerHand(): Promise<void>;
  lowerHands(participants: CommunicationIdentifier[]): Promise<void>;
  lowerAllHands(): Promise<void>;
  on(event: RaiseHandEvent, listener: RaisedHandListener): void;
  off(event: RaiseHandEvent, listener: RaisedHandListener): void;
}

// Reactions.

export type Reaction = 'like' | 'heart' | 'laugh' | 'applause' | 'surprised';

export interface ReactionMessage {
  readonly reactionType: Reaction;
}

export interface ReactionEventPayload {
  /** Whose. UI libraries use it as a raw id: here it is one, as a string. */
  readonly identifier: CommunicationIdentifier | string;
  readonly reactionMessage: ReactionMessage;
}

export type ReactionListener = (event: ReactionEventPayload) => void;

export interface ReactionCallFeature extends CallFeature {
  sendReaction(reactionMessage: ReactionMessage): Promise<void>;
  on(event: 'reaction', listener: ReactionListener): void;
  off(event: 'reaction', listener: ReactionListener): void;
}

// Spotlight.

export interface SpotlightedParticipant {
  readonly identifier: CommunicationIdentifierKind;
  /** 1 is who came into it first. */
  readonly order?: number;
}

export interface SpotlightCallFeature extends CallFeature {
  readonly maxParticipantsToSpotlight: number;
  getSpotlightedParticipants(): SpotlightedParticipant[];
  /** Without participants, oneself. */
  startSpotlight(participants?: CommunicationIdentifier[]): Promise<void>;
  stopSpotlight(participants?: CommunicationIdentifier[]): Promise<void>;
  stopAllSpotlight(): Promise<void>;
  on(event: 'spotlightChanged', listener: CollectionUpdatedEvent<SpotlightedParticipant>): void;
  off(event: 'spotlightChanged', listener: CollectionUpdatedEvent<SpotlightedParticipant>): void;
}

// Who may turn on what.

export interface MediaAccess {
  readonly participant: CommunicationIdentifierKind;
  readonly isAudioPermitted: boolean;
  readonly isVideoPermitted: boolean;
}

/** What the meeting allows attendees. */
export interface MeetingMediaAccess {
  readonly isAudioPermitted: boolean;
  readonly isVideoPermitted: boolean;
}

export interface MediaAccessChangedEvent {
  readonly mediaAccesses: MediaAccess[];
}

export interface MeetingMediaAccessChangedEvent {
  readonly meetingMediaAccess: MeetingMediaAccess;
}

export type MediaAccessChangedListener = (event: MediaAccessChangedEvent) => void;
export type MeetingMediaAccessChangedListener = (event: MeetingMediaAccessChangedEvent) => void;

export interface MediaAccessCallFeature extends CallFeature {
  permitAudio(participants: CommunicationIdentifier[]): Promise<void>;
  forbidAudio(participants: CommunicationIdentifier[]): Promise<void>;
  permitVideo(participants: CommunicationIdentifier[]): Promise<void>;
  forbidVideo(participants: CommunicationIdentifier[]): Promise<void>;
  permitOthersAudio(): Promise<void>;
  forbidOthersAudio(): Promise<void>;
  permitOthersVideo(): Promise<void>;
  forbidOthersVideo(): Promise<void>;
  getAllOthersMediaAccess(): MediaAccess[];
  getMeetingMediaAccess(): MeetingMediaAccess;
  on(event: 'mediaAccessChanged', listener: MediaAccessChangedListener): void;
  on(event: 'meetingMediaAccessChanged', listener: MeetingMediaAccessChangedListener): void;
  off(event: 'mediaAccessChanged', listener: MediaAccessChangedListener): void;
  off(event: 'meetingMediaAccessChanged', listener: MeetingMediaAccessChangedListener): void;
}

// Recording and transcription.

export type RecordingState = 'Started' | 'Paused' | 'Ended';

export interface RecordingInfo {
  readonly state: RecordingState;
}

export interface RecordingCallFeature extends CallFeature {
  readonly isRecordingActive: boolean;
  readonly recordings: ReadonlyArray<RecordingInfo>;
  /** Whether one has to agree before one may speak, show or share. */
  readonly isTeamsConsentRequired: boolean;
  /** Agrees to it, for this call. */
  grantTeamsConsent(): Promise<void>;
  on(event: 'isRecordingActiveChanged' | 'isTeamsConsentRequiredChanged', listener: PropertyChangedEvent): void;
  on(event: 'recordingsUpdated', listener: CollectionUpdatedEvent<RecordingInfo>): void;
  off(event: 'isRecordingActiveChanged' | 'isTeamsConsentRequiredChanged', listener: PropertyChangedEvent): void;
  off(event: 'recordingsUpdated', listener: CollectionUpdatedEvent<RecordingInfo>): void;
}

export interface TranscriptionCallFeature extends CallFeature {
  readonly isTranscriptionActive: boolean;
  readonly isTeamsConsentRequired: boolean;
  /** Agrees to it, for this call. */
  grantTeamsConsent(): Promise<void>;
  on(event: 'isTranscriptionActiveChanged' | 'isTeamsConsentRequiredChanged', listener: PropertyChangedEvent): void;
  off(event: 'isTranscriptionActiveChanged' | 'isTeamsConsentRequiredChanged', listener: PropertyChangedEvent): void;
}

// Who speaks.

export interface DominantSpeakersInfo {
  /** Loudest first. */
  readonly speakersList: CommunicationIdentifierKind[];
  readonly timestamp: Date;
}

export interface DominantSpeakersCallFeature extends CallFeature {
  readonly dominantSpeakers: DominantSpeakersInfo;
  on(event: 'dominantSpeakersChanged', listener: PropertyChangedEvent): void;
  off(event: 'dominantSpeakersChanged', listener: PropertyChangedEvent): void;
}

// How many pictures at once.

export interface OptimalVideoCountCallFeature extends CallFeature {
  readonly optimalVideoCount: number;
  on(event: 'optimalVideoCountChanged', listener: PropertyChangedEvent): void;
  off(event: 'optimalVideoCountChanged', listener: PropertyChangedEvent): void;
}
