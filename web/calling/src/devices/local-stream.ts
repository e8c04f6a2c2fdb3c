/**
 * What local pictures and sound have in common: a device or an app's own `MediaStream` behind them, and users that are
 * counted, so that a device is open exactly while somebody uses it.
 */

import { Emitter } from '../emitter.js';
import type { Events } from '../emitter.js';
import { CommunicationError } from '../errors.js';
import { open } from './capture.js';
import type { CaptureKind, Lease } from './capture.js';
import { deviceIdOf } from './ids.js';

/** What a local stream needs to know of a device. */
export interface Source {
  readonly id: string;
  readonly name: string;
}

export abstract class LocalStream<D extends Source, E extends Events> extends Emitter<E> {
  /** @internal */
  readonly _kind: CaptureKind;
  /** @internal */
  _source: D;
  /** The app's own track, which it stops itself. @internal */
  _own: MediaStreamTrack | null = null;
  /** Whether the own track was opened by this package. @internal */
  _stopOwn = false;
  /** @internal */
  _lease: Lease | null = null;
  /** @internal */
  _opening: Promise<MediaStreamTrack> | null = null;
  /** @internal */
  readonly _users = new Set<unknown>();
  /** Whoever asked for the `MediaStream` while nobody used the stream: lasts until somebody has used it. @internal */
  readonly _app = {};
  /** Same object as long as the stream lives; its track may change. @internal */
  _media: MediaStream | null = null;
  /** @internal */
  _disposed = false;
  /** @internal */
  readonly _trackListeners = new Set<(track: MediaStreamTrack | null) => void>();
  /** @internal */
  _generation = 0;

  /** @internal */
  constructor(kind: CaptureKind, source: D) {
    super();
    this._kind = kind;
    this._source = source;
  }

  /** Of an own `MediaStream`, a made-up device. */
  get source(): D {
    return this._source;
  }

  /** The live track, while somebody uses the stream. @internal */
  get _track(): MediaStreamTrack | null {
    return this._own ?? this._lease?.track ?? null;
  }

  /**
   * The stream with its live track; the same object over changes of the device. Opens the device if nobody uses it.
   *
   * @throws {DeviceError} code and sub code say whether it is blocked, missing or busy
   */
  async getMediaStream(): Promise<MediaStream> {
    const track = this._users.size > 0 ? (this._track ?? (await this._open())) : await this._use(this._app);
    return this._mediaOf(track);
  }

  /** Gives an own device or stream up; whoever still shows it sees nothing more. */
  dispose(): void {
    this._disposed = true;
    this._users.clear();
    this._close();
    this._dropListeners();
  }

  /** Uses the stream until `_unuse`; one user counts once. @internal */
  async _use(user: unknown): Promise<MediaStreamTrack> {
    if (this._disposed) throw new CommunicationError('The stream was disposed of.', 412, 43017);
    this._users.add(user);
    if (user !== this._app) this._users.delete(this._app);
    try {
      return this._track ?? (await this._open());
    } catch (error) {
      this._users.delete(user);
      throw error;
    }
  }

  /** @internal */
  _unuse(user: unknown): void {
    if (this._users.delete(user) && this._users.size === 0) this._close();
  }

  /**
   * Tells of another track in place of the one before: after a change of the device, `null` when the device is gone.
   * @internal
   */
  _onTrack(listener: (track: MediaStreamTrack | null) => void): () => void {
    this._trackListeners.add(listener);
    return () => this._trackListeners.delete(listener);
  }

  /** @internal */
  async _switch(source: D): Promise<void> {
    if (!source || typeof source.id !== 'string') {
      throw new CommunicationError('A device of the device manager is needed.', 400, 43004);
    }
    if (source.id === this._source.id && !this._own && !this._lease?.stale) {
      this._source = source;
      return;
    }
    // The old device stays on until the new one is there, and is kept if that fails.
    const lease = this._users.size > 0 ? await open(this._kind, deviceIdOf(source.id)) : null;
    if (lease && (this._disposed || this._users.size === 0)) {
      lease.release();
      if (this._disposed) return;
    }
    this._close();
    this._own = null;
    this._stopOwn = false;
    this._source = source;
    if (lease && this._users.size > 0) this._adopt(lease);
    this._sourceChanged();
  }

  /** @internal */
  _switchToOwn(track: MediaStreamTrack, source: D, stopOwn = false): void {
    this._close();
    this._source = source;
    this._own = track;
    this._stopOwn = stopOwn;
    track.addEventListener('ended', () => {
      if (this._own === track) this._tell(null);
    });
    this._tell(track);
    this._sourceChanged();
  }

  /** The device is gone. @internal */
  _lost(): void {
    this._lease = null;
    this._tell(null);
  }

  /** @internal */
  _sourceChanged(): void {}

  /** @internal */
  _open(): Promise<MediaStreamTrack> {
    const generation = this._generation;
    this._opening ??= open(this._kind, deviceIdOf(this._source.id)).then(
      (lease) => {
        if (generation === this._generation) this._opening = null;
        // Nobody wants it any more, or another device.
        if (generation !== this._generation || this._users.size === 0) {
          lease.release();
          const now = this._track;
          if (now) return now;
          throw new CommunicationError('The stream was stopped before it began.', 412, 43014);
        }
        this._adopt(lease);
        return lease.track;
      },
      (error: unknown) => {
        if (generation === this._generation) this._opening = null;
        throw error;
      },
    );
    return this._opening;
  }

  /** @internal */
  _adopt(lease: Lease): void {
    this._lease = lease;
    lease.onended = () => {
      if (this._lease === lease) this._lost();
    };
    this._tell(lease.track);
  }

  /** @internal */
  _close(): void {
    this._generation += 1;
    this._opening = null;
    if (this._stopOwn) this._own?.stop();
    // An own track stays for the next user, unless it is over.
    if (this._stopOwn || this._disposed) this._own = null;
    this._lease?.release();
    this._lease = null;
  }

  /** @internal */
  _tell(track: MediaStreamTrack | null): void {
    if (this._media) this._mediaOf(track);
    for (const listener of [...this._trackListeners]) listener(track);
  }

  /** Puts the track into the stream that is shown. @internal */
  _mediaOf(track: MediaStreamTrack | null): MediaStream {
    const media = (this._media ??= new MediaStream());
    for (const old of media.getTracks()) if (old !== track) media.removeTrack(old);
    if (track && !media.getTracks().includes(track)) media.addTrack(track);
    return media;
  }
}
