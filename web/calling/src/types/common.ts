/** What several parts of the API have in common: events, identifiers of people, errors, end reasons. */

import type {
  CommunicationIdentifierKind,
  CommunicationUserKind,
  MicrosoftTeamsAppKind,
  MicrosoftTeamsUserKind,
  PhoneNumberKind,
  UnknownIdentifierKind,
} from '@azure/communication-common';

/** A property has another value; read it again. */
export type PropertyChangedEvent = () => void;

/** Things have come into a collection, or gone. */
export type CollectionUpdatedEvent<T> = (args: { added: T[]; removed: T[] }) => void;

/** Every error of the API has this shape. */
export interface CommunicationServicesError extends Error {
  /** As in HTTP, mostly. */
  readonly code: number;
  /** Says more. */
  readonly subCode: number;
  readonly resultCategories?: string[];
}

/** Why a call ended, or a participant left. Code 0 and sub code 0 are an ordinary good-bye. */
export interface CallEndReason {
  readonly code: number;
  readonly subCode?: number;
  /** A sentence for a person. */
  readonly message?: string;
  readonly resultCategories?: string[];
}

/** Who may be in a call. */
export type ParticipantIdentifierKind =
  | CommunicationUserKind
  | PhoneNumberKind
  | MicrosoftTeamsUserKind
  | MicrosoftTeamsAppKind
  | UnknownIdentifierKind;

/** Who calls. */
export interface CallerInfo {
  readonly identifier: CommunicationIdentifierKind | undefined;
  readonly displayName?: string;
}

/** A participant where only who it is matters. */
export interface ParticipantInfo {
  readonly identifier: CommunicationIdentifierKind;
  readonly displayName?: string;
}

export type ParticipantRole =
  | 'Unknown'
  | 'Attendee'
  | 'Presenter'
  | 'Organizer'
  | 'Consumer'
  | 'Collaborator'
  | 'Co-organizer';

/** One of the places a participant is in the call from. */
export interface EndpointDetails {
  readonly participantId: string;
}

export type DtmfTone =
  | 'Num0'
  | 'Num1'
  | 'Num2'
  | 'Num3'
  | 'Num4'
  | 'Num5'
  | 'Num6'
  | 'Num7'
  | 'Num8'
  | 'Num9'
  | 'A'
  | 'B'
  | 'C'
  | 'D'
  | 'Flash'
  | 'Pound'
  | 'Star';

/** Where an emergency call is made from. Not supported; here for its shape. */
export interface EmergencyCallOptions {
  /** ISO 3166-1 alpha-2. */
  countryCode: string;
}

/** Marks that end up in a log; not sent anywhere by this package. */
export interface DiagnosticOptions {
  appName?: string;
  appVersion?: string;
  tags?: string[];
}

/** Of custom headers of a call. Not supported; here for its shape. */
export interface CustomContext {
  readonly userToUser?: string;
  readonly xHeaders?: { readonly key: string; readonly value: string }[];
  /** Where the call came over. */
  readonly sipHeaders?: { readonly key: string; readonly value: string }[];
}
