/** Pictures and sound of the others. */

import { bindMethods } from './bind.js';
import { volumeOf } from './devices/level.js';
import { Emitter } from './emitter.js';
import { CommunicationError } from './errors.js';
import type { Renderable } from './internal.js';
import type { AudioStreamVolume, MediaStreamType, RemoteAudioStream, RemoteVideoStream, StreamSize } from './types/index.js';
import { ELSEWHERE } from './views.js';
import type { ShownViews } from './views.js';

type VideoEvents = { isAvailableChanged: void; isReceivingChanged: void; sizeChanged: void };

/** Camera or screen of somebody else. Received only while it is shown. */
export class RemoteVideo extends Emitter<VideoEvents> implements RemoteVideoStream, Renderable {
  readonly id: number;
  readonly mediaStreamType: MediaStreamType;
  isAvailable = false;
  isReceiving = false;
  /** @internal */
  readonly _key: string;
  /** @internal */
  readonly _views: ShownViews;
  /** @internal */
  _size: StreamSize = { width: 0, height: 0 };
  /** @internal */
  _media: MediaStreamTrack | null = null;
  /** The same for everybody who shows it; its track may be replaced. @internal */
  _stream: MediaStream | null = null;
  /** @internal */
  readonly _places = new Set<Element>();
  /** @internal */
  _waiting: { resolve: (stream: MediaStream) => void; reject: (error: Error) => void }[] = [];
  /** @internal */
  _over = false;

  /** @internal */
  constructor(id: number, mediaStreamType: MediaStreamType, key: string, views: ShownViews) {
    super();
    this.id = id;
    this.mediaStreamType = mediaStreamType;
    this._key = key;
    this._views = views;
    this._onMuted = this._onMuted.bind(this);
    this._onPicture = this._onPicture.bind(this);
    bindMethods(this);
  }

  /** Of what arrives, in pixels; 0 by 0 before. */
  get size(): StreamSize {
    return { ...this._size };
  }

  /** The pictures, to be shown by the app's own means; received from now on until they are over. */
  async getMediaStream(): Promise<MediaStream> {
    this._check();
    this._views.show(this._key, ELSEWHERE);
    return this._received();
  }

  /** @internal */
  async _show(element: HTMLElement): Promise<MediaStream> {
    this._check();
    this._places.add(element);
    // These do not bubble, but are caught on their way down.
    element.addEventListener('resize', this._onPicture, true);
    element.addEventListener('loadedmetadata', this._onPicture, true);
    this._views.show(this._key, element);
    return this._received();
  }

  /** @internal */
  _hide(element: HTMLElement): void {
    if (!this._places.delete(element)) return;
    element.removeEventListener('resize', this._onPicture, true);
    element.removeEventListener('loadedmetadata', this._onPicture, true);
    this._views.hide(this._key, element);
  }

  /** @param trackId of the session; empty when nothing is sent. @internal */
  _update(trackId: string, media: MediaStreamTrack | null, available: boolean): void {
    this._views.track(this._key, available ? trackId : '');
    if (this._media !== media) {
      this._media?.removeEventListener('mute', this._onMuted);
      this._media?.removeEventListener('unmute', this._onMuted);
      this._media = media;
      media?.addEventListener('mute', this._onMuted);
      media?.addEventListener('unmute', this._onMuted);
      if (media) {
        const stream = this._mediaStream();
        for (const { resolve } of this._waiting.splice(0)) resolve(stream);
      }
    }
    if (this.isAvailable !== available) {
      this.isAvailable = available;
      this._emit('isAvailableChanged', undefined);
    }
    this._onMuted();
  }

  /** Its owner is gone. @internal */
  _end(): void {
    this._over = true;
    this._update('', null, false);
    this._views.hide(this._key, ELSEWHERE);
    for (const { reject } of this._waiting.splice(0)) reject(new CommunicationError('The stream is over.', 404));
  }

  /** @internal */
  _check(): void {
    if (this._over) throw new CommunicationError('The stream is over.', 404);
  }

  /** @internal */
  _received(): Promise<MediaStream> {
    if (this._media) return Promise.resolve(this._mediaStream());
    return new Promise((resolve, reject) => this._waiting.push({ resolve, reject }));
  }

  /** @internal */
  _mediaStream(): MediaStream {
    const stream = (this._stream ??= new MediaStream());
    for (const old of stream.getTracks()) if (old !== this._media) stream.removeTrack(old);
    if (this._media && !stream.getTracks().includes(this._media)) stream.addTrack(this._media);
    return stream;
  }

  /** @internal */
  _onMuted(): void {
    const receiving = this.isAvailable && this._media !== null && !this._media.muted;
    if (this.isReceiving === receiving) return;
    this.isReceiving = receiving;
    this._emit('isReceivingChanged', undefined);
  }

  /** @internal */
  _onPicture(event: Event): void {
    const { videoWidth: width, videoHeight: height } = event.target as HTMLVideoElement;
    if (!width || !height || (width === this._size.width && height === this._size.height)) return;
    this._size = { width, height };
    this._emit('sizeChanged', undefined);
  }
}

/** What is heard of everybody together. */
export class RemoteAudio implements RemoteAudioStream {
  readonly mediaStreamType = 'Audio';
  /** @internal */
  _tracks: MediaStreamTrack[] = [];
  /** @internal */
  _context: AudioContext | null = null;
  /** @internal */
  _out: MediaStreamAudioDestinationNode | null = null;
  /** @internal */
  readonly _nodes = new Map<MediaStreamTrack, AudioNode>();

  constructor() {
    bindMethods(this);
  }

  /** All voices in one track. It is mixed from the first call on. */
  async getMediaStream(): Promise<MediaStream> {
    if (!this._out) {
      this._context = new AudioContext();
      this._out = this._context.createMediaStreamDestination();
      void this._context.resume();
      this._mix();
    }
    return this._out.stream;
  }

  async getVolume(): Promise<AudioStreamVolume> {
    return volumeOf((await this.getMediaStream()).getAudioTracks()[0]);
  }

  /** @internal */
  _update(tracks: MediaStreamTrack[]): void {
    this._tracks = tracks;
    this._mix();
  }

  /** @internal */
  _end(): void {
    this._update([]);
    void this._context?.close();
    this._context = null;
  }

  /** @internal */
  _mix(): void {
    if (!this._context || !this._out) return;
    const wanted = new Set(this._tracks);
    for (const [track, node] of this._nodes) {
      if (wanted.delete(track)) continue;
      node.disconnect();
      this._nodes.delete(track);
    }
    for (const track of wanted) {
      const node = this._context.createMediaStreamSource(new MediaStream([track]));
      node.connect(this._out);
      this._nodes.set(track, node);
    }
  }
}
