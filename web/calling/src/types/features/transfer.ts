/** Handing a call over. */

import type {
  CommunicationIdentifierKind,
  CommunicationUserIdentifier,
  MicrosoftTeamsAppIdentifier,
  MicrosoftTeamsUserIdentifier,
  PhoneNumberIdentifier,
  UnknownIdentifier,
} from '@azure/communication-common';

import type { Call, TeamsCall } from '../call.js';
import type { CallEndReason, CustomContext, PropertyChangedEvent } from '../common.js';
import type { CallFeature } from '../feature.js';

/** Who handed the call over. */
export interface TransferorInfo {
  readonly identifier: CommunicationIdentifierKind;
}

export type TransferState = 'None' | 'Transferring' | 'Transferred' | 'Failed';

export interface TransferToParticipantOptions {
  disableForwardingAndUnanswered?: boolean;
  customContext?: CustomContext;
}

export interface TransferToParticipantLocator {
  targetParticipant:
    | CommunicationUserIdentifier
    | PhoneNumberIdentifier
    | MicrosoftTeamsAppIdentifier
    | MicrosoftTeamsUserIdentifier
    | UnknownIdentifier;
}

export interface TransferToCallLocator {
  targetCallId: string;
}

/** A call that is being handed over. */
export interface Transfer {
  readonly state: TransferState;
  readonly error?: CallEndReason;
  on(event: 'stateChanged', listener: PropertyChangedEvent): void;
  off(event: 'stateChanged', listener: PropertyChangedEvent): void;
}

export interface TransferEventArgs {
  readonly targetCall: Call | TeamsCall;
}

/** Somebody asks that the local call be handed over. */
export interface TransferRequestedEventArgs {
  readonly targetParticipant: CommunicationIdentifierKind;
  accept(options?: object): void;
  reject(): void;
}

export type TransferAcceptedEvent = (args: TransferEventArgs) => void;
export type TransferRequestedEvent = (args: TransferRequestedEventArgs) => void;

export interface TransferCallFeature extends CallFeature {
  transfer(target: TransferToParticipantLocator | TransferToCallLocator, options?: TransferToParticipantOptions): Transfer;
  on(event: 'transferRequested', listener: TransferRequestedEvent): void;
  on(event: 'transferAccepted', listener: TransferAcceptedEvent): void;
  off(event: 'transferRequested', listener: TransferRequestedEvent): void;
  off(event: 'transferAccepted', listener: TransferAcceptedEvent): void;
}
