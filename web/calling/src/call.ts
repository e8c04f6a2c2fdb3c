/** One call: joining, the lobby, the call, its end, as the documented API has it. */

import type { CommunicationIdentifier } from '@azure/communication-common';

import { AudioOutput } from './audio-output.js';
import { bindMethods } from './bind.js';
import { CallInformation } from './call-info.js';
import type { Devices } from './devices/device-manager.js';
import { deviceIdOf } from './devices/ids.js';
import { LocalAudioStream } from './devices/local-audio-stream.js';
import { LocalVideoStream } from './devices/local-video-stream.js';
import { Emitter } from './emitter.js';
import { CommunicationError } from './errors.js';
import { createFeature } from './features/index.js';
import { rawIdOf } from './identifiers.js';
import type { FeatureContext } from './internal.js';
import { CallLobby } from './lobby.js';
import { CallSources } from './local-sources.js';
import { roleOf } from './participant.js';
import type { ParticipantHost, Person } from './participant.js';
import { RemoteAudio } from './remote-streams.js';
import { Roster } from './roster.js';
import { Conference } from './session/conference.js';
import type { Topic } from './session/conference.js';
import { CAMERA, SCREEN } from './session/media.js';
import type { ClientBodies, ClientKind, Locator } from './session/messages.js';
import type { Changes, Participant, Waiting } from './session/roster.js';
import { RequestRefused } from './session/signaling.js';
import type * as api from './types/index.js';
import { CallKind } from './types/index.js';
import { ShownViews } from './views.js';

/** Whichever microphone the browser chooses. */
const ANY_MICROPHONE: api.AudioDeviceInfo = { id: 'microphone:', name: '', isSystemDefault: true, deviceType: 'Microphone' };

/** What a call needs of its agent. */
export interface CallOptions {
  url: string;
  token: () => Promise<string>;
  displayName: string;
  rawId: string;
  locator: Locator;
  devices: Devices;
  join: api.JoinCallOptions;
  /** The call is over, and has said so. */
  ended: (call: MeetingCall) => void;
}

type CallEvents = Record<api.CallPropertyEvent, void> & {
  mutedByOthers: api.MutedByOthersEventArgs;
  remoteParticipantsUpdated: { added: api.RemoteParticipant[]; removed: api.RemoteParticipant[] };
  localVideoStreamsUpdated: { added: LocalVideoStream[]; removed: LocalVideoStream[] };
  localAudioStreamsUpdated: { added: LocalAudioStream[]; removed: LocalAudioStream[] };
  remoteAudioStreamsUpdated: { added: api.RemoteAudioStream[]; removed: api.RemoteAudioStream[] };
};

export class MeetingCall extends Emitter<CallEvents> implements api.Call {
  readonly id: string = crypto.randomUUID();
  readonly kind: CallKind = CallKind.Call;
  readonly direction: api.CallDirection = 'Outgoing';
  readonly callerInfo: api.CallerInfo = { identifier: undefined, displayName: undefined };
  readonly transferorInfo = undefined;
  readonly info: CallInformation;
  readonly lobby: CallLobby;
  state: api.CallState = 'None';
  callEndReason: api.CallEndReason | undefined;
  role: api.ParticipantRole = 'Unknown';
  isIncomingAudioMuted = false;
  isMuted: boolean;
  localVideoStreams: ReadonlyArray<LocalVideoStream> = [];
  localAudioStreams: ReadonlyArray<LocalAudioStream> = [];
  remoteAudioStreams: ReadonlyArray<api.RemoteAudioStream> = [];
  /** Old name of `feature`. */
  readonly api: this['feature'];
  /** @internal */
  readonly _options: CallOptions;
  /** @internal */
  readonly _conference: Conference;
  /** @internal */
  readonly _local: CallSources;
  /** @internal */
  readonly _roster: Roster;
  /** @internal */
  readonly _views: ShownViews;
  /** @internal */
  readonly _output = new AudioOutput();
  /** @internal */
  readonly _remoteAudio = new RemoteAudio();
  /** @internal */
  readonly _features = new Map<string, api.CallFeature>();
  /** @internal */
  _count = 0;
  /** Answers `hangUp`. @internal */
  _onEnded: (() => void)[] = [];

  /** @internal */
  constructor(options: CallOptions) {
    super();
    this._options = options;
    const { url, token, displayName, locator, rawId } = options;
    this._local = new CallSources(options.join.audioOptions?.muted ?? false);
    this.isMuted = this._local.muted;
    this._conference = new Conference({ url, token, displayName, locator, local: this._local, onDemand: true });
    this._views = new ShownViews((views) => this._conference.setViews(views));
    const mute = (participantIds: string[]) => this._ask('muteParticipants', { participantIds });
    const host: ParticipantHost = { views: this._views, mute };
    this._roster = new Roster(this._conference, host, (change) => this._emit('remoteParticipantsUpdated', change));
    this.lobby = new CallLobby((kind, body) => this._ask(kind, body), host);
    this.info = new CallInformation(rawId, 'groupId' in locator ? locator.groupId : undefined);
    this._onSpeaker = this._onSpeaker.bind(this);
    this._onMicrophone = this._onMicrophone.bind(this);
    bindMethods(this);
    this.api = this.feature;
    this._listen();
    // Not before the app had a chance to listen.
    setTimeout(() => this._begin(), 0);
  }

  get remoteParticipants(): ReadonlyArray<api.RemoteParticipant> {
    return this._roster.participants;
  }

  /** With the local one. */
  get totalParticipantCount(): number {
    return this._conference.participants.size;
  }

  get isScreenSharingOn(): boolean {
    return this._local.stream('screen') !== null;
  }

  get isLocalVideoStarted(): boolean {
    return this._local.stream('camera') !== null;
  }

  /** The same object for the same entry, told by its name; never throws. */
  feature<T extends api.CallFeature>(factory: api.CallFeatureFactory<T>): T {
    const name = factory?.name ?? '';
    let feature = this._features.get(name);
    if (!feature) this._features.set(name, (feature = createFeature(name, this._context())));
    return feature as T;
  }

  /** Leaves; resolves once the call is over. @throws {CommunicationError} 403 for who may not end it for everybody */
  async hangUp(options?: api.HangUpOptions): Promise<void> {
    if (this.state === 'Disconnected') return;
    const ended = new Promise<void>((resolve) => this._onEnded.push(resolve));
    if (this.state === 'None') {
      this._end();
      return;
    }
    if (options?.forEveryone) await this._ask('endMeeting', {});
    this._setState('Disconnecting');
    await this._conference.leave();
    await ended;
  }

  async mute(): Promise<void> {
    this._check();
    this._local.setMuted(true);
  }

  /** Opens the microphone if that has not happened yet. @throws {CommunicationError} of the microphone, or 403 */
  async unmute(): Promise<void> {
    this._check();
    this._checkRight('unmuteMic');
    if (!this._local.stream('audio')) await this._useMicrophone();
    this._local.setMuted(false);
  }

  /** Hears nothing, on this computer only. */
  async muteIncomingAudio(): Promise<void> {
    this._setIncomingAudio(true);
  }

  async unmuteIncomingAudio(): Promise<void> {
    this._setIncomingAudio(false);
  }

  async muteAllRemoteParticipants(): Promise<void> {
    await this._ask('muteParticipants', { all: true });
  }

  /** Sends this stream, or the chosen microphone, instead of what is sent now. */
  async startAudio(stream?: LocalAudioStream): Promise<void> {
    this._check();
    await (stream ? this._local.use('audio', stream) : this._useMicrophone());
  }

  async stopAudio(): Promise<void> {
    await this._local.use('audio', null);
  }

  /** Another stream in place of one that is sent switches. @throws {CommunicationError} of the camera, or 403 */
  async startVideo(stream: LocalVideoStream): Promise<void> {
    this._check();
    this._checkRight('turnVideoOn');
    if (typeof stream?._use !== 'function') throw new CommunicationError('A LocalVideoStream is needed.', 412, 43019);
    await this._local.use('camera', stream);
  }

  /** @param stream or another one of the same device; libraries pass descriptions */
  async stopVideo(stream: LocalVideoStream): Promise<void> {
    const current = this._local.stream('camera');
    if (!current) return;
    if (stream && stream !== current && stream.source?.id !== current.source.id) {
      throw new CommunicationError('This stream is not being sent.', 412);
    }
    await this._local.use('camera', null);
  }

  /** Asks the person for a screen if none is given. @throws {CommunicationError} also when they changed their mind */
  async startScreenSharing(stream?: LocalVideoStream): Promise<void> {
    this._check();
    this._checkRight('shareScreen');
    await this._local.use('screen', stream ?? (await LocalVideoStream._screen()));
  }

  async stopScreenSharing(): Promise<void> {
    this._local.stopScreen();
  }

  /** Neither sends nor receives until `resume`; the others see it as silence. */
  async hold(): Promise<void> {
    if (this.state === 'LocalHold') return;
    if (this.state !== 'Connected') throw new CommunicationError('The call is not connected.', 412);
    this._conference.held = true;
    this._setState('LocalHold');
  }

  async resume(): Promise<void> {
    if (this.state !== 'LocalHold') return;
    this._conference.held = false;
    this._setState('Connected');
  }

  /** Nobody can be called from here: they join by a link. @throws {CommunicationError} always */
  addParticipant(): never {
    throw new CommunicationError('Participants cannot be added to this call: give them its link.', 405);
  }

  /** @throws {CommunicationError} 404 for who is not in the call, 403 when that is not allowed */
  async removeParticipant(participant: CommunicationIdentifier): Promise<void> {
    const participantIds = this._roster.idsOf(rawIdOf(participant));
    if (participantIds.length === 0) throw new CommunicationError('They are not in the call.', 404);
    await this._ask('remove', { participantIds });
  }

  /** There is no telephone at the other end. @throws {CommunicationError} always */
  async sendDtmf(_tone: api.DtmfTone): Promise<void> {
    throw new CommunicationError('Tones can be sent to telephones only.', 405);
  }

  async setConstraints(constraints: api.MediaConstraints): Promise<void> {
    this._constrain(constraints?.video);
  }

  /** Leaves without waiting. */
  dispose(): void {
    void this.hangUp();
  }

  /** @internal */
  _begin(): void {
    if (this.state !== 'None') return;
    const { audioOptions, videoOptions } = this._options.join;
    this._constrain(videoOptions?.constraints);
    this._setState('Connecting');
    this._conference.start();
    const failed = (error: unknown) => console.warn('A device could not be used:', (error as Error)?.message ?? error);
    const [voice] = audioOptions?.localAudioStreams ?? [];
    if (voice) void this._local.use('audio', voice).catch(failed);
    else void this._useMicrophone({ ask: !this.isMuted }).catch(failed);
    for (const stream of videoOptions?.localVideoStreams ?? []) {
      const kind = stream.mediaStreamType === 'ScreenSharing' ? 'screen' : 'camera';
      void this._local.use(kind, stream).catch(failed);
    }
  }

  /** @internal */
  _listen(): void {
    const conference = this._conference;
    const on = <T>(type: string, listener: (detail: T) => void) =>
      conference.addEventListener(type, (event) => listener((event as CustomEvent<T>).detail));
    on<{ topic: Topic }>('change', ({ topic }) => this._changed(topic));
    on<Changes<Participant>>('people', (changes) => this._people(changes));
    on<Changes<Waiting>>('waiters', (changes) => this.lobby._update(changes));
    on<{ byParticipantId: string }>('muted', ({ byParticipantId }) =>
      this._emit('mutedByOthers', { participant: this._roster.byId(byParticipantId) }));
    this._local.addEventListener('change', () => this._learnMuted());
    this._local.addEventListener('streams', () => this._learnStreams());
    const { devices } = this._options;
    devices.on('selectedSpeakerChanged', this._onSpeaker);
    devices.on('selectedMicrophoneChanged', this._onMicrophone);
    this._onSpeaker();
  }

  /** @internal */
  _changed(topic: Topic): void {
    switch (topic) {
      case 'state':
        this._changedState();
        break;
      case 'access':
        this._learnRole();
        break;
      case 'tracks':
        this._roster.updateTracks();
        this._learnAudio();
        break;
      case 'speaking':
        this._roster.updateSpeaking();
        break;
      default:
    }
  }

  /** @internal */
  _changedState(): void {
    const { state, participantId, rawId, threadId, callId } = this._conference;
    // Leaving goes on to its end.
    if (this.state === 'Disconnecting' && state !== 'ended') return;
    if (state === 'lobby') this._setState('InLobby');
    else if (state === 'connected') {
      this.info.participantId = rawId || participantId;
      this.info._callId = callId;
      this.info._setThreadId(threadId || undefined);
      this._learnRole();
      this._setState(this._conference.held ? 'LocalHold' : 'Connected');
    } else if (state === 'ended') this._end();
  }

  /** @internal */
  _people(changes: Changes<Participant>): void {
    this._roster.update(changes);
    const count = this.totalParticipantCount;
    if (count === this._count) return;
    this._count = count;
    this._emit('totalParticipantCountChanged', undefined);
  }

  /** @internal */
  _learnRole(): void {
    const role = roleOf(this._conference.role);
    if (role === this.role) return;
    this.role = role;
    this._emit('roleChanged', undefined);
  }

  /** @internal */
  _learnMuted(): void {
    if (this.isMuted === this._local.muted) return;
    this.isMuted = this._local.muted;
    this._emit('isMutedChanged', undefined);
  }

  /** @internal */
  _learnStreams(): void {
    const [audio, camera, screen] = [this._local.stream('audio'), this._local.stream('camera'), this._local.stream('screen')];
    const voices = replace(this.localAudioStreams, audio ? [audio] : []);
    const pictures = replace(this.localVideoStreams, [camera, screen].filter((stream) => stream !== null));
    const had = (kind: string) => this.localVideoStreams.some(({ mediaStreamType }) => mediaStreamType === kind);
    const before = [had('Video'), had('ScreenSharing')];
    this.localAudioStreams = voices.all;
    this.localVideoStreams = pictures.all;
    const after = [had('Video'), had('ScreenSharing')];
    if (voices.changed) this._emit('localAudioStreamsUpdated', { added: voices.added, removed: voices.removed });
    if (pictures.changed) this._emit('localVideoStreamsUpdated', { added: pictures.added, removed: pictures.removed });
    if (before[0] !== after[0]) this._emit('isLocalVideoStartedChanged', undefined);
    if (before[1] !== after[1]) this._emit('isScreenSharingOnChanged', undefined);
  }

  /** @internal */
  _learnAudio(): void {
    const audible = new Map<string, MediaStreamTrack>();
    for (const { id, kind, media } of this._conference.tracks.values()) if (kind === 'audio' && media) audible.set(id, media);
    this._output.play(audible);
    this._remoteAudio._update([...audible.values()]);
    const { added, removed, changed, all } = replace(this.remoteAudioStreams, audible.size > 0 ? [this._remoteAudio] : []);
    if (!changed) return;
    this.remoteAudioStreams = all;
    this._emit('remoteAudioStreamsUpdated', { added, removed });
  }

  /** @internal */
  _setIncomingAudio(muted: boolean): void {
    if (this.isIncomingAudioMuted === muted) return;
    this.isIncomingAudioMuted = muted;
    this._output.muted = muted;
    this._emit('isIncomingAudioMutedChanged', undefined);
  }

  /** @param ask the person, if microphones are not allowed yet. @internal */
  async _useMicrophone({ ask = true } = {}): Promise<void> {
    if (!ask && !(await microphonesAllowed())) return;
    const chosen = this._options.devices.selectedMicrophone;
    await this._local.use('audio', new LocalAudioStream(chosen ?? ANY_MICROPHONE));
  }

  /** @internal */
  _onMicrophone(): void {
    const { selectedMicrophone } = this._options.devices;
    const stream = this._local.stream('audio');
    if (!selectedMicrophone || !stream) return;
    stream.switchSource(selectedMicrophone).catch((error: unknown) => console.warn('The microphone could not be changed:', error));
  }

  /** @internal */
  _onSpeaker(): void {
    const { selectedSpeaker } = this._options.devices;
    if (selectedSpeaker) void this._output.setSpeaker(deviceIdOf(selectedSpeaker.id));
  }

  /** @internal */
  _constrain(video: api.VideoConstraints | undefined): void {
    const { bitrate, frameHeight, frameRate } = video?.send ?? {};
    if (!video?.send) return;
    const limits = { bitrate: bitrate?.max, height: frameHeight?.max, frameRate: frameRate?.max };
    for (const source of [CAMERA, SCREEN]) this._conference.limitSending(source, limits);
  }

  /** @internal */
  _context(): FeatureContext {
    const conference = this._conference;
    return {
      conference,
      local: this._local,
      devices: this._options.devices,
      callId: () => this.id,
      streamId: (trackId) => {
        const track = conference.tracks.get(trackId);
        return track && this._roster.byId(track.participantId)?._streamId(track.participantId, track.source);
      },
      participantIds: (rawId) => this._roster.idsOf(rawId),
      rawId: (id) => (id === conference.participantId ? conference.rawId : conference.participants.get(id)?.rawId),
    };
  }

  /** @throws {CommunicationError} @internal */
  async _ask<K extends ClientKind>(kind: K, body: ClientBodies[K]): Promise<void> {
    try {
      await this._conference.request(kind, body);
    } catch (error) {
      if (error instanceof RequestRefused) throw new CommunicationError(error.message, error.key === 'not_allowed' ? 403 : 400);
      throw new CommunicationError('The call is over.', 410);
    }
  }

  /** @internal */
  _check(): void {
    if (this.state === 'Disconnecting' || this.state === 'Disconnected') throw new CommunicationError('The call is over.', 410);
  }

  /** In the lobby it is not known yet. @internal */
  _checkRight(capability: string): void {
    if (this._conference.state !== 'connected' || this._conference.can(capability)) return;
    const reason = this._conference.reasons.get(capability);
    throw new CommunicationError(`The capability ${capability} is missing${reason ? `: ${reason}` : ''}.`, 403);
  }

  /** @internal */
  _setState(state: api.CallState): void {
    if (this.state === state) return;
    this.state = state;
    this._emit('stateChanged', undefined);
  }

  /** @internal */
  _end(): void {
    if (this.state === 'Disconnected') return;
    this._setState('Disconnecting');
    const { code = 0, subCode = 0, message = '' } = this._conference.end ?? {};
    this.callEndReason = { code, subCode, message, resultCategories: [] };
    this._local.close();
    this._learnStreams();
    this._output.close();
    this._remoteAudio._end();
    this._views.close();
    this._roster.clear();
    const { devices } = this._options;
    devices.off('selectedSpeakerChanged', this._onSpeaker);
    devices.off('selectedMicrophoneChanged', this._onMicrophone);
    this._setState('Disconnected');
    this._options.ended(this);
    for (const resolve of this._onEnded.splice(0)) resolve();
    for (const feature of this._features.values()) feature.dispose?.();
    this._dropListeners();
  }
}

/** What another list has that this one has not, and the other way round. */
function replace<T>(before: ReadonlyArray<T>, all: T[]): { all: T[]; added: T[]; removed: T[]; changed: boolean } {
  const added = all.filter((one) => !before.includes(one));
  const removed = before.filter((one) => !all.includes(one));
  return { all, added, removed, changed: added.length > 0 || removed.length > 0 };
}

/** Whether a microphone can be opened without asking. */
async function microphonesAllowed(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: 'microphone' as PermissionName })).state === 'granted';
  } catch {
    return false;
  }
}
