/** A camera, a screen, or an app's own pictures, to be shown and sent. */

import { CommunicationError } from '../errors.js';
import { createEffects } from '../features/effects.js';
import type { Renderable } from '../internal.js';
import type { LocalStreamFeature, LocalVideoStreamFeatureFactory, MediaStreamType, VideoDeviceInfo } from '../types/index.js';
import { openScreen } from './capture.js';
import { LocalStream } from './local-stream.js';

type VideoEvents = { videoSourceChanged: VideoDeviceInfo };

/** Pictures of this computer. Several of one camera share it. */
export class LocalVideoStream extends LocalStream<VideoDeviceInfo, VideoEvents> implements Renderable {
  /** @internal */
  _mediaStreamType: MediaStreamType = 'Video';
  /** @internal */
  readonly _features = new Map<string, LocalStreamFeature>();

  /**
   * @param source a camera of the device manager, or an own `MediaStream` with pictures
   * @throws {CommunicationError} for anything else
   */
  constructor(source: VideoDeviceInfo | MediaStream) {
    super('camera', isMediaStream(source) ? customDevice(videoTrack(source)) : checked(source));
    if (isMediaStream(source)) {
      const track = videoTrack(source);
      this._switchToOwn(track, this._source);
      // A screen that the app has captured by itself.
      if ('displaySurface' in (track.getSettings?.() ?? {})) this._mediaStreamType = 'ScreenSharing';
    }
  }

  get mediaStreamType(): MediaStreamType {
    return this._mediaStreamType;
  }

  /** Shows another camera, here and to the others. @throws {DeviceError} the old one stays then */
  switchSource(source: VideoDeviceInfo): Promise<void> {
    return this._switch(source);
  }

  /** Shows own pictures instead of what is shown now. @throws {CommunicationError} without pictures in it */
  async setMediaStream(mediaStream: MediaStream): Promise<void> {
    if (!isMediaStream(mediaStream)) throw new CommunicationError('A MediaStream is needed.', 400, 43004);
    const track = videoTrack(mediaStream);
    this._switchToOwn(track, customDevice(track));
  }

  feature<T extends LocalStreamFeature>(factory: LocalVideoStreamFeatureFactory<T>): T {
    let feature = this._features.get(factory.name);
    if (!feature) this._features.set(factory.name, (feature = createEffects(factory.name)));
    return feature as T;
  }

  /** @internal */
  async _show(element: HTMLElement): Promise<MediaStream> {
    return this._mediaOf(await this._use(element));
  }

  /** @internal */
  _hide(element: HTMLElement): void {
    this._unuse(element);
  }

  /** @internal */
  override _sourceChanged(): void {
    this._emit('videoSourceChanged', this._source);
  }

  /**
   * Asks for a screen and makes a stream of it, which stops when nobody uses it. `_onTrack(null)` also when the person
   * stops sharing with the browser's own button.
   * @internal
   */
  static async _screen(): Promise<LocalVideoStream> {
    const track = await openScreen();
    const stream = new LocalVideoStream({ id: `screen:${track.id}`, name: track.label, deviceType: 'ScreenSharing' });
    stream._mediaStreamType = 'ScreenSharing';
    stream._switchToOwn(track, stream._source, true);
    return stream;
  }
}

const isMediaStream = (source: unknown): source is MediaStream =>
  typeof (source as MediaStream | undefined)?.getVideoTracks === 'function';

function videoTrack(stream: MediaStream): MediaStreamTrack {
  const [track] = stream.getVideoTracks();
  if (!track) throw new CommunicationError('There are no pictures in the MediaStream.', 412, 43017);
  return track;
}

function checked(source: VideoDeviceInfo): VideoDeviceInfo {
  if (typeof source?.id === 'string') return source;
  throw new CommunicationError('A camera of the device manager, or a MediaStream, is needed.', 412, 43019);
}

const customDevice = (track: MediaStreamTrack): VideoDeviceInfo => ({
  id: `camera:custom-${track.id}`,
  name: track.label,
  deviceType: 'Virtual',
});
