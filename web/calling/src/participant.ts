/** Somebody else in the call, or in its lobby. */

import type { CommunicationIdentifierKind } from '@azure/communication-common';

import { bindMethods } from './bind.js';
import { Emitter } from './emitter.js';
import { identifierOf } from './identifiers.js';
import { RemoteVideo } from './remote-streams.js';
import { CAMERA } from './session/media.js';
import type { Source } from './session/messages.js';
import type { Participant as Known, RemoteTrack } from './session/roster.js';
import type {
  CallEndReason,
  EndpointDetails,
  ParticipantRole,
  RemoteParticipant,
  RemoteParticipantState,
  RemoteVideoStream,
} from './types/index.js';
import type { ShownViews } from './views.js';

const ROLES: Record<string, ParticipantRole> = {
  ROLE_ORGANIZER: 'Organizer',
  ROLE_CO_ORGANIZER: 'Co-organizer',
  ROLE_PRESENTER: 'Presenter',
  ROLE_ATTENDEE: 'Attendee',
  ROLE_CONSUMER: 'Consumer',
  ROLE_COLLABORATOR: 'Collaborator',
};

export const roleOf = (role: string): ParticipantRole => ROLES[role] ?? 'Unknown';

type ParticipantEvents = {
  stateChanged: void;
  isMutedChanged: void;
  displayNameChanged: void;
  isSpeakingChanged: void;
  roleChanged: void;
  endpointDetailsChanged: void;
  videoStreamsUpdated: { added: RemoteVideoStream[]; removed: RemoteVideoStream[] };
};

/** What a participant needs of its call. */
export interface ParticipantHost {
  /** @throws {CommunicationError} */
  mute(participantIds: string[]): Promise<void>;
  views: ShownViews;
}

/** One device with which somebody is in the call. */
interface Endpoint {
  /** The lowest that none of their other devices has, from 0. */
  number: number;
  /** What the roster says; not yet known at first. */
  known: Known | null;
  speaking: boolean;
  /** What it sends, by source. */
  tracks: Map<Source | '', RemoteTrack>;
  streams: Map<Source | '', RemoteVideo>;
}

/** Ids of streams: those of one device, then those of the next. */
const STREAMS_PER_ENDPOINT = 2;

export class Person extends Emitter<ParticipantEvents> implements RemoteParticipant {
  state: RemoteParticipantState = 'Connecting';
  callEndReason: CallEndReason | undefined;
  displayName: string;
  isMuted = true;
  isSpeaking = false;
  role: ParticipantRole = 'Unknown';
  /** @internal */
  readonly _rawId: string;
  /** @internal */
  readonly _host: ParticipantHost;
  /** By participant id of the session. @internal */
  readonly _endpoints = new Map<string, Endpoint>();
  /** @internal */
  _videoStreams: RemoteVideoStream[] = [];

  /** @internal */
  constructor(rawId: string, displayName: string, host: ParticipantHost) {
    super();
    this._rawId = rawId;
    this._host = host;
    this.displayName = displayName;
    bindMethods(this);
  }

  get identifier(): CommunicationIdentifierKind {
    return identifierOf(this._rawId);
  }

  get videoStreams(): ReadonlyArray<RemoteVideoStream> {
    return this._videoStreams;
  }

  get endpointDetails(): ReadonlyArray<EndpointDetails> {
    return this._ids.map((participantId) => ({ participantId }));
  }

  /** Mutes them, for everybody. @throws {CommunicationError} when that is not allowed */
  async mute(): Promise<void> {
    await this._host.mute(this._ids);
  }

  /** Their participant ids of the session: one for each device. @internal */
  get _ids(): string[] {
    return [...this._endpoints.keys()];
  }

  /** They are in the call with this device, too. @internal */
  _enter(id: string): void {
    const taken = new Set([...this._endpoints.values()].map(({ number }) => number));
    let number = 0;
    while (taken.has(number)) number += 1;
    this._endpoints.set(id, { number, known: null, speaking: false, tracks: new Map(), streams: new Map() });
    if (this.state === 'Disconnected') {
      this.callEndReason = undefined;
      this.state = 'Connecting';
    }
    this._emit('endpointDetailsChanged', undefined);
  }

  /** They are not in the call with this device any more. @internal */
  _exit(id: string): void {
    const endpoint = this._endpoints.get(id);
    if (!endpoint) return;
    this._endpoints.delete(id);
    const removed: RemoteVideoStream[] = [...endpoint.streams.values()];
    for (const stream of endpoint.streams.values()) stream._end();
    this._videoStreams = this._videoStreams.filter((stream) => !removed.includes(stream));
    if (removed.length > 0) this._emit('videoStreamsUpdated', { added: [], removed });
    if (this._endpoints.size === 0) return;
    this._emit('endpointDetailsChanged', undefined);
    this._refresh();
  }

  /** What the roster says of one of their devices. @internal */
  _learn(known: Known): void {
    const endpoint = this._endpoints.get(known.id);
    if (!endpoint) return;
    endpoint.known = known;
    this._set('displayName', known.displayName, 'displayNameChanged');
    this._set('role', roleOf(known.role), 'roleChanged');
    this._updateStreams();
    this._refresh();
  }

  /** @internal */
  _setSpeaking(id: string, speaking: boolean): void {
    const endpoint = this._endpoints.get(id);
    if (!endpoint) return;
    endpoint.speaking = speaking;
    this._refresh();
  }

  /** What is sent from a device, or that nothing is any more. @internal */
  _setTracks(id: string, tracks: RemoteTrack[]): void {
    const endpoint = this._endpoints.get(id);
    if (!endpoint) return;
    endpoint.tracks = new Map(tracks.filter(({ kind }) => kind === 'video').map((track) => [track.source, track]));
    this._updateStreams();
  }

  /** Id of the stream that a device sends from a source. @internal */
  _streamId(id: string, source: Source | ''): number | undefined {
    return this._endpoints.get(id)?.streams.get(source)?.id;
  }

  /** The call goes on without them, or is over. @internal */
  _leave(): void {
    for (const id of this._ids) this._exit(id);
    this._set('isSpeaking', false, 'isSpeakingChanged');
    this.callEndReason = { code: 0, subCode: 0, message: '' };
    this._setState('Disconnected');
  }

  /** What holds for all of their devices together. @internal */
  _refresh(): void {
    const endpoints = [...this._endpoints.values()];
    const known = endpoints.flatMap((endpoint) => endpoint.known ?? []);
    this._set('isSpeaking', endpoints.some(({ speaking }) => speaking), 'isSpeakingChanged');
    if (known.length === 0) return;
    this._set('isMuted', known.every(({ micMuted }) => micMuted), 'isMutedChanged');
    this._setState(known.every(({ reconnecting }) => reconnecting) ? 'Reconnecting' : 'Connected');
  }

  /** @internal */
  _setState(state: RemoteParticipantState): void {
    this._set('state', state, 'stateChanged');
  }

  /** A stream is there from its first track on; whether it has one now is `isAvailable`. @internal */
  _updateStreams(): void {
    const added: RemoteVideoStream[] = [];
    for (const [id, { number, tracks, streams }] of this._endpoints) {
      for (const source of tracks.keys()) {
        if (streams.has(source)) continue;
        const camera = source === CAMERA;
        const streamId = number * STREAMS_PER_ENDPOINT + (camera ? 1 : 2);
        const key = `${this._rawId} ${id} ${source}`;
        const stream = new RemoteVideo(streamId, camera ? 'Video' : 'ScreenSharing', key, this._host.views);
        streams.set(source, stream);
        added.push(stream);
      }
    }
    if (added.length > 0) {
      this._videoStreams = [...this._videoStreams, ...added];
      this._emit('videoStreamsUpdated', { added, removed: [] });
    }
    for (const { known, tracks, streams } of this._endpoints.values()) {
      for (const [source, stream] of streams) {
        const track = tracks.get(source);
        const cut = source === CAMERA ? known?.cameraCut : known?.screenCut;
        stream._update(track?.id ?? '', track?.media ?? null, track !== undefined && !cut);
      }
    }
  }

  /** @internal */
  _set<K extends 'state' | 'displayName' | 'role' | 'isMuted' | 'isSpeaking'>(
    name: K,
    value: this[K],
    event: 'stateChanged' | 'displayNameChanged' | 'roleChanged' | 'isMutedChanged' | 'isSpeakingChanged',
  ): void {
    if (this[name] === value) return;
    this[name] = value;
    this._emit(event, undefined);
  }
}
