/** A microphone, or an app's own sound, to be sent. */

import { CommunicationError } from '../errors.js';
import { createEffects } from '../features/effects.js';
import type {
  AudioDeviceInfo,
  AudioStreamVolume,
  LocalAudioStreamFeatureFactory,
  LocalStreamFeature,
} from '../types/index.js';
import { open } from './capture.js';
import { volumeOf } from './level.js';
import { LocalStream } from './local-stream.js';

type AudioEvents = { audioSourceChanged: AudioDeviceInfo };

/** Sound of this computer. Several of one microphone share it. */
export class LocalAudioStream extends LocalStream<AudioDeviceInfo, AudioEvents> {
  readonly mediaStreamType = 'Audio';
  /** @internal */
  readonly _features = new Map<string, LocalStreamFeature>();

  /**
   * @param source a microphone of the device manager, or an own `MediaStream` or track with sound
   * @throws {CommunicationError} for anything else
   */
  constructor(source: AudioDeviceInfo | MediaStream | MediaStreamTrack) {
    const track = ownTrack(source);
    super('microphone', track ? customDevice(track) : checked(source as AudioDeviceInfo));
    if (track) this._switchToOwn(track, this._source);
  }

  /** Sends another microphone. @throws {DeviceError} the old one stays then */
  switchSource(source: AudioDeviceInfo): Promise<void> {
    return this._switch(source);
  }

  /** Sends own sound instead. @throws {CommunicationError} without sound in it */
  async setMediaStream(mediaStream: MediaStream): Promise<void> {
    const track = ownTrack(mediaStream);
    if (!track) throw new CommunicationError('A MediaStream with sound is needed.', 400, 43004);
    this._switchToOwn(track, customDevice(track));
  }

  /** How loud it is. Opens the microphone if nobody uses it. */
  async getVolume(): Promise<AudioStreamVolume> {
    const stream = await this.getMediaStream();
    return volumeOf(stream.getAudioTracks()[0]);
  }

  feature<T extends LocalStreamFeature>(factory: LocalAudioStreamFeatureFactory<T>): T {
    let feature = this._features.get(factory.name);
    if (!feature) this._features.set(factory.name, (feature = createEffects(factory.name)));
    return feature as T;
  }

  /** @internal */
  override _sourceChanged(): void {
    this._emit('audioSourceChanged', this._source);
  }

  /** Goes on with whichever microphone the browser has. @internal */
  override _lost(): void {
    this._lease = null;
    const generation = this._generation;
    open('microphone', '').then(
      (lease) => {
        if (generation !== this._generation || this._users.size === 0) lease.release();
        else this._adopt(lease);
      },
      () => {
        if (generation === this._generation) this._tell(null);
      },
    );
  }
}

/** The sound of a stream or track; `null` for a device. */
function ownTrack(source: AudioDeviceInfo | MediaStream | MediaStreamTrack): MediaStreamTrack | null {
  const track = 'getAudioTracks' in source ? source.getAudioTracks()[0] : 'readyState' in source ? source : null;
  if (track === null) return null;
  if (track?.kind !== 'audio') throw new CommunicationError('There is no sound in the MediaStream.', 412, 43017);
  return track;
}

function checked(source: AudioDeviceInfo): AudioDeviceInfo {
  if (typeof source?.id === 'string') return source;
  throw new CommunicationError('A microphone of the device manager, or a MediaStream, is needed.', 412, 43019);
}

const customDevice = (track: MediaStreamTrack): AudioDeviceInfo => ({
  id: `microphone:custom-${track.id}`,
  name: track.label,
  isSystemDefault: false,
  deviceType: 'Microphone',
});
