/** What the local participant may do. */

import type { CallFeature } from '../feature.js';

/** Why a capability is there or not. */
export type CapabilityResolutionReason =
  | 'Capable'
  | 'NotCapable'
  | 'MeetingRestricted'
  | 'RoleRestricted'
  | 'UserPolicyRestricted'
  | 'FeatureNotSupported'
  | 'CallTypeNotSupported'
  | 'ExplicitConsentRequired'
  | 'NotInitialized'
  | 'PermissionRestricted';

export interface ParticipantCapability {
  readonly isPresent: boolean;
  readonly reason: CapabilityResolutionReason;
}

export type ParticipantCapabilityName =
  | 'turnVideoOn'
  | 'unmuteMic'
  | 'shareScreen'
  | 'removeParticipant'
  | 'hangUpForEveryOne'
  | 'addCommunicationUser'
  | 'addTeamsUser'
  | 'addPhoneNumber'
  | 'manageLobby'
  | 'spotlightParticipant'
  | 'removeParticipantsSpotlight'
  | 'startLiveMeetingCaptions'
  | 'startLiveCallingCaptions'
  | 'setCaptionLanguage'
  | 'raiseHand'
  | 'pstnDialOut'
  | 'muteOthers'
  | 'useReactions'
  | 'viewAttendeeNames'
  | 'startTogetherMode'
  | 'joinBreakoutRooms'
  | 'forbidOthersAudio'
  | 'forbidOthersVideo'
  | 'realTimeText';

/** All of them, at any time. */
export type ParticipantCapabilities = Record<ParticipantCapabilityName, ParticipantCapability>;

export type CapabilitiesChangedReason =
  | 'RoleChanged'
  | 'UserPolicyChanged'
  | 'MeetingOptionOrOrganizerPolicyChanged'
  | 'MeetingDetailsChanged';

/** Only what is another one now. */
export interface CapabilitiesChangeInfo {
  readonly oldValue: Partial<ParticipantCapabilities>;
  readonly newValue: Partial<ParticipantCapabilities>;
  readonly reason: CapabilitiesChangedReason;
}

export type CapabilitiesChangedListener = (data: CapabilitiesChangeInfo) => void;

export interface CapabilitiesFeature extends CallFeature {
  readonly capabilities: ParticipantCapabilities;
  on(event: 'capabilitiesChanged', listener: CapabilitiesChangedListener): void;
  off(event: 'capabilitiesChanged', listener: CapabilitiesChangedListener): void;
}
