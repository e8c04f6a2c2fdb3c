/**
 * What there is none of here. Each of these says so: lists are empty, nothing is active, and what cannot be done is refused
 * with a sentence. None of them throws when it is asked for.
 */

import { CommunicationError } from '../errors.js';
import type {
  BreakoutRoom,
  BreakoutRoomsCallFeature,
  BreakoutRoomsEventData,
  Captions,
  CaptionsCallFeature,
  CaptionsInfo,
  CollectionUpdatedEvent,
  DataChannelCallFeature,
  DataChannelReceiver,
  DataChannelSender,
  PPTLiveCallFeature,
  RealTimeTextFeature,
  RealTimeTextInfo,
  StreamSize,
  TeamsMeetingAudioConferencingCallFeature,
  TeamsMeetingAudioConferencingDetails,
  TogetherModeCallFeature,
  TogetherModeSeatingMap,
  TogetherModeVideoStream,
  Transfer,
  TransferCallFeature,
  TransferEventArgs,
  TransferRequestedEventArgs,
} from '../types/index.js';
import { Emitter } from '../emitter.js';
import { Feature } from './feature.js';

const none = (what: string, code = 405, subCode = 0) => new CommunicationError(`There ${what} on this server.`, code, subCode);

type Payload<L> = L extends CollectionUpdatedEvent<infer T> ? { added: T[]; removed: T[] } : never;
type TogetherEvents = {
  togetherModeStreamsUpdated: Payload<CollectionUpdatedEvent<TogetherModeVideoStream>>;
  togetherModeSceneUpdated: TogetherModeSeatingMap;
  togetherModeSeatingUpdated: TogetherModeSeatingMap;
};

export class TogetherMode extends Feature<TogetherEvents> implements TogetherModeCallFeature {
  readonly togetherModeStream: TogetherModeVideoStream[] = [];
  sceneSize: StreamSize = { width: 1280, height: 720 };

  get togetherModeSeatingMap(): TogetherModeSeatingMap {
    return new Map();
  }

  async start(): Promise<void> {
    throw none('is no together mode', 403, 46304);
  }

  async end(): Promise<void> {}
}

export class BreakoutRooms extends Feature<{ breakoutRoomsUpdated: BreakoutRoomsEventData }> implements BreakoutRoomsCallFeature {
  readonly assignedBreakoutRoom: BreakoutRoom | undefined = undefined;
  readonly assignedBreakoutRooms: BreakoutRoom | undefined = undefined;
  readonly breakoutRooms: BreakoutRoom[] = [];
  readonly breakoutRoomsSettings = undefined;
}

export class PPTLive extends Feature<{ isActiveChanged: void }> implements PPTLiveCallFeature {
  readonly isActive = false;
  readonly activePresenterId = undefined;
  readonly target = undefined;
}

type CaptionsEvents = { CaptionsActiveChanged: void; SpokenLanguageChanged: void; CaptionsReceived: CaptionsInfo };

class NoCaptions extends Emitter<CaptionsEvents> implements Captions {
  readonly kind = 'Captions';
  readonly isCaptionsFeatureActive = false;
  readonly activeSpokenLanguage = '';

  get supportedSpokenLanguages(): string[] {
    return [];
  }

  async startCaptions(): Promise<void> {
    throw none('are no captions');
  }

  async stopCaptions(): Promise<void> {}

  async setSpokenLanguage(): Promise<void> {
    throw none('are no captions');
  }
}

export class CaptionsFeature extends Feature<{ CaptionsKindChanged: void }> implements CaptionsCallFeature {
  readonly captions: Captions = new NoCaptions();
}

export class RealTimeText extends Feature<{ realTimeTextReceived: RealTimeTextInfo }> implements RealTimeTextFeature {
  async sendRealTimeText(): Promise<void> {
    throw none('is no real-time text');
  }
}

class NoTransfer extends Emitter<{ stateChanged: void }> implements Transfer {
  readonly state = 'Failed';
  readonly error = { code: 405, subCode: 0, message: none('is no transfer of calls').message };
}

type TransferEvents = { transferAccepted: TransferEventArgs; transferRequested: TransferRequestedEventArgs };

export class Transfers extends Feature<TransferEvents> implements TransferCallFeature {
  transfer(): Transfer {
    const transfer = new NoTransfer();
    // Once the caller has subscribed.
    queueMicrotask(() => transfer._emit('stateChanged', undefined));
    return transfer;
  }
}

type ChannelEvents = { dataChannelReceiverCreated: DataChannelReceiver };

export class DataChannel extends Feature<ChannelEvents> implements DataChannelCallFeature {
  createDataChannelSender({ channelId }: { channelId: number }): DataChannelSender {
    return {
      channelId,
      maxMessageSizeInBytes: 0,
      setParticipants() {},
      async sendMessage() {
        throw none('are no data channels');
      },
      close() {},
    };
  }
}

export class AudioConferencing extends Feature<Record<never, never>> implements TeamsMeetingAudioConferencingCallFeature {
  /**
   * In a call: that there are no numbers, as where the policy of a meeting gives it no dial-in.
   *
   * @throws {CommunicationError} 403/45952 before the call, 403/45953 in the lobby
   */
  async getTeamsMeetingAudioConferencingDetails(): Promise<TeamsMeetingAudioConferencingDetails> {
    const { state } = this._context.conference;
    // No error: UI libraries ask in every meeting and do not expect one.
    if (state === 'connected') return { phoneConferenceId: '', phoneNumbers: [] };
    const subCode = state === 'lobby' ? 45953 : 45952;
    throw new CommunicationError('Dial-in is known in a connected call only.', 403, subCode);
  }
}

/** For a name that is not known: it has events that never come. */
export class Unknown extends Feature<Record<string, unknown>> {}
