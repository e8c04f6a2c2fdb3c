/** Messages between the apps in a call. */

import type { CommunicationIdentifier, CommunicationIdentifierKind } from '@azure/communication-common';

import type { CallFeature } from '../feature.js';

export type DataChannelReliability = 'lossy' | 'durable';
export type DataChannelPriority = 'normal' | 'high';

export interface DataChannelSenderOptions {
  /** 1 to 65534. */
  channelId: number;
  reliability?: DataChannelReliability;
  /** Kilobits a second. */
  bitrateInKbps?: number;
  priority?: DataChannelPriority;
}

export interface DataChannelMessage {
  readonly sequenceNumber?: number;
  readonly data: Uint8Array;
}

export interface DataChannelSender {
  readonly channelId: number;
  /** Bytes of one message, at most. */
  readonly maxMessageSizeInBytes: number;
  /** An empty list means everybody. */
  setParticipants(participants: CommunicationIdentifier[]): void;
  sendMessage(data: Uint8Array): Promise<void>;
  close(): void;
}

export interface DataChannelReceiver {
  readonly channelId: number;
  readonly senderParticipantIdentifier: CommunicationIdentifierKind;
  readMessage(): DataChannelMessage | undefined;
  on(event: 'messageReady' | 'close', listener: () => void): void;
  off(event: 'messageReady' | 'close', listener: () => void): void;
}

export interface DataChannelCallFeature extends CallFeature {
  createDataChannelSender(options: DataChannelSenderOptions): DataChannelSender;
  on(event: 'dataChannelReceiverCreated', listener: (receiver: DataChannelReceiver) => void): void;
  off(event: 'dataChannelReceiverCreated', listener: (receiver: DataChannelReceiver) => void): void;
}
