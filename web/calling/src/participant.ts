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
  mute(participantId: string): Promise<void>;
  views: ShownViews;
}

export class Person extends Emitter<ParticipantEvents> implements RemoteParticipant {
  state: RemoteParticipantState = 'Connecting';
  callEndReason: CallEndReason | undefined;
  displayName: string;
  isMuted = true;
  isSpeaking = false;
  role: ParticipantRole = 'Unknown';
  /** Id in the session; another one when they come back. @internal */
  _id: string;
  /** @internal */
  readonly _rawId: string;
  /** @internal */
  readonly _host: ParticipantHost;
  /** @internal */
  _cut = { camera: false, screen: false };
  /** Their tracks, by source. @internal */
  readonly _tracks = new Map<Source | '', RemoteTrack>();
  /** @internal */
  readonly _streams = new Map<Source | '', RemoteVideo>();
  /** @internal */
  _videoStreams: RemoteVideoStream[] = [];

  /** @internal */
  constructor(id: string, rawId: string, displayName: string, host: ParticipantHost) {
    super();
    this._id = id;
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
    return [{ participantId: this._id }];
  }

  /** Mutes them, for everybody. @throws {CommunicationError} when that is not allowed */
  async mute(): Promise<void> {
    await this._host.mute(this._id);
  }

  /** What the roster says. @internal */
  _learn({ displayName, role, micMuted, cameraCut, screenCut }: Known): void {
    this._set('displayName', displayName, 'displayNameChanged');
    this._set('role', roleOf(role), 'roleChanged');
    this._set('isMuted', micMuted, 'isMutedChanged');
    this._cut = { camera: cameraCut, screen: screenCut };
    this._updateStreams();
  }

  /** @internal */
  _setState(state: RemoteParticipantState): void {
    this._set('state', state, 'stateChanged');
  }

  /** @internal */
  _setSpeaking(speaking: boolean): void {
    this._set('isSpeaking', speaking, 'isSpeakingChanged');
  }

  /** What they send, or that they do no more. @internal */
  _setTracks(tracks: RemoteTrack[]): void {
    this._tracks.clear();
    for (const track of tracks) if (track.kind === 'video') this._tracks.set(track.source, track);
    this._updateStreams();
  }

  /** @internal */
  _leave(): void {
    this._setSpeaking(false);
    this._tracks.clear();
    const removed = this._videoStreams;
    for (const stream of this._streams.values()) stream._end();
    this._streams.clear();
    this._videoStreams = [];
    this.callEndReason = { code: 0, subCode: 0, message: '' };
    this._setState('Disconnected');
    if (removed.length > 0) this._emit('videoStreamsUpdated', { added: [], removed });
  }

  /** A stream is there from its first track on; whether it has one now is `isAvailable`. @internal */
  _updateStreams(): void {
    const added: RemoteVideoStream[] = [];
    for (const source of this._tracks.keys()) {
      if (this._streams.has(source)) continue;
      const camera = source === CAMERA;
      const key = `${this._rawId} ${this._id} ${source}`;
      const stream = new RemoteVideo(camera ? 1 : 2, camera ? 'Video' : 'ScreenSharing', key, this._host.views);
      this._streams.set(source, stream);
      added.push(stream);
    }
    if (added.length > 0) {
      this._videoStreams = [...this._videoStreams, ...added];
      this._emit('videoStreamsUpdated', { added, removed: [] });
    }
    for (const [source, stream] of this._streams) {
      const track = this._tracks.get(source);
      const cut = source === CAMERA ? this._cut.camera : this._cut.screen;
      stream._update(track?.id ?? '', track?.media ?? null, track !== undefined && !cut);
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
