/**
 * What a call sends of this computer: microphone, camera and screen, each a local stream that the call uses while it sends
 * it.
 */

import type { LocalAudioStream } from './devices/local-audio-stream.js';
import type { LocalVideoStream } from './devices/local-video-stream.js';
import type { LocalSources as Sources } from './session/conference.js';

type Kind = 'audio' | 'camera' | 'screen';
interface Streams {
  audio: LocalAudioStream;
  camera: LocalVideoStream;
  screen: LocalVideoStream;
}

/**
 * Events:
 * - `change`: what is sent, or whether it is muted
 * - `streams`: which streams are used; also when one ends by itself
 */
export class CallSources extends EventTarget implements Sources {
  muted: boolean;
  #streams: { [K in Kind]: Streams[K] | null } = { audio: null, camera: null, screen: null };
  /** What is sent of the microphone: a copy, so that muting it here does not mute it elsewhere. */
  #voice: MediaStreamTrack | null = null;
  /** Changes of one kind run one after the other. */
  #turns: Record<Kind, Promise<void>> = { audio: Promise.resolve(), camera: Promise.resolve(), screen: Promise.resolve() };
  #closed = false;
  #unwatch: { [K in Kind]?: () => void } = {};

  constructor(muted: boolean) {
    super();
    this.muted = muted;
  }

  get microphone(): MediaStreamTrack | null {
    return this.#voice;
  }

  get camera(): MediaStreamTrack | null {
    return this.#streams.camera?._track ?? null;
  }

  get screen(): MediaStreamTrack | null {
    return this.#streams.screen?._track ?? null;
  }

  stream<K extends Kind>(kind: K): Streams[K] | null {
    return this.#streams[kind];
  }

  /**
   * Sends a stream in place of the one before; `null` stops. If it cannot be opened, all stays as it is.
   *
   * @throws {CommunicationError} as the stream does
   */
  use<K extends Kind>(kind: K, stream: Streams[K] | null): Promise<void> {
    const turn = this.#turns[kind].then(() => this.#use(kind, stream));
    this.#turns[kind] = turn.catch(() => {});
    return turn;
  }

  async #use<K extends Kind>(kind: K, stream: Streams[K] | null): Promise<void> {
    if (this.#closed || (stream !== null && stream === this.#streams[kind])) return;
    if (stream) await stream._use(this);
    // The call may have ended while the device was opened.
    if (this.#closed) {
      stream?._unuse(this);
      return;
    }
    this.#drop(kind);
    (this.#streams as Record<Kind, Streams[Kind] | null>)[kind] = stream;
    if (stream) {
      this.#unwatch[kind] = stream._onTrack((track) => {
        // A screen that the person has stopped with the browser's own button, a camera that was unplugged.
        if (!track && kind !== 'audio') this.#stop(kind);
        else this.#changed(kind);
      });
    }
    this.#changed(kind);
    this.dispatchEvent(new Event('streams'));
  }

  setMuted(muted: boolean): void {
    if (this.muted === muted) return;
    this.muted = muted;
    if (this.#voice) this.#voice.enabled = !muted;
    this.dispatchEvent(new Event('change'));
  }

  /** Only switching off: on is `use`. */
  setCamera(on: boolean): void {
    if (!on) this.#stop('camera');
  }

  stopScreen(): void {
    this.#stop('screen');
  }

  /** Gives everything back. */
  close(): void {
    this.#closed = true;
    for (const kind of ['audio', 'camera', 'screen'] as const) this.#drop(kind);
    this.#changed('audio');
  }

  #stop(kind: Kind): void {
    if (!this.#streams[kind]) return;
    this.#drop(kind);
    this.#changed(kind);
    this.dispatchEvent(new Event('streams'));
  }

  #drop(kind: Kind): void {
    this.#unwatch[kind]?.();
    delete this.#unwatch[kind];
    this.#streams[kind]?._unuse(this);
    this.#streams[kind] = null;
  }

  #changed(kind: Kind): void {
    if (kind === 'audio') this.#copyVoice();
    this.dispatchEvent(new Event('change'));
  }

  #copyVoice(): void {
    this.#voice?.stop();
    this.#voice = this.#streams.audio?._track?.clone() ?? null;
    if (this.#voice) this.#voice.enabled = !this.muted;
  }
}
