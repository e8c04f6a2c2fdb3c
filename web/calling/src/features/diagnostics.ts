/**
 * What is wrong with network, camera and microphone, for a UI to tell the person. Where these facts come from: the state
 * of the connections, the browser's statistics, what became of opening devices, and the level of a muted microphone.
 */

import { observe } from '../devices/capture.js';
import type { Outcome } from '../devices/capture.js';
import { watchLevel } from '../devices/level.js';
import { Emitter } from '../emitter.js';
import type { FeatureContext } from '../internal.js';
import { DiagnosticQuality } from '../types/index.js';
import type {
  DiagnosticFlag,
  LatestDiagnosticValue,
  MediaDiagnosticType,
  MediaDiagnostics,
  NetworkDiagnosticType,
  NetworkDiagnostics,
  UserFacingDiagnosticsFeature,
} from '../types/index.js';
import { Feature } from './feature.js';
import { Calm, receiveQuality, sendQuality } from './quality.js';
import { number, ofType, watchReadings } from './readings.js';
import type { Reading } from './readings.js';

/** Seconds without a new picture of the camera. */
const FREEZE_AFTER = 5;
/** Level (0 to 100) of speech, and how many fifths of a second it lasts, or silence does. */
const SPEECH = 45;
const SPEECH_FOR = 3;
const SILENCE_FOR = 10;

/** What has been seen so far. That something is well is said of what was not. */
export class Findings<Name extends string> extends Emitter<{
  diagnosticChanged: LatestDiagnosticValue & { diagnostic: Name };
}> {
  /** @internal */
  readonly _latest = new Map<Name, LatestDiagnosticValue>();

  getLatest(): { [name in Name]?: LatestDiagnosticValue } {
    const copies = [...this._latest].map(([name, latest]) => [name, { ...latest }]);
    return Object.fromEntries(copies) as { [name in Name]?: LatestDiagnosticValue };
  }

  /** @internal */
  _flag(name: Name, wrong: DiagnosticFlag): void {
    this._set(name, { value: wrong, valueType: 'DiagnosticFlag' }, !wrong);
  }

  /** @internal */
  _quality(name: Name, quality: DiagnosticQuality): void {
    this._set(name, { value: quality, valueType: 'DiagnosticQuality' }, quality === DiagnosticQuality.Good);
  }

  /** @internal */
  _set(diagnostic: Name, latest: LatestDiagnosticValue, well: boolean): void {
    const old = this._latest.get(diagnostic);
    if (old ? old.value === latest.value : well) return;
    this._latest.set(diagnostic, latest);
    this._emit('diagnosticChanged', { ...latest, diagnostic });
  }
}

/** Whether somebody speaks, from levels, five a second. The gaps between words are no silence. */
export class SpeechDetector {
  speaking = false;
  /** What speaks for a change: grows with what does, falls by half as much with what does not. */
  #score = 0;

  take(level: number): boolean {
    const speech = level >= SPEECH;
    if (speech !== this.speaking) this.#score += 1;
    else this.#score = this.speaking ? 0 : Math.max(0, this.#score - 0.5);
    if (this.#score >= (speech ? SPEECH_FOR : SILENCE_FOR)) {
      this.speaking = speech;
      this.#score = 0;
    }
    return this.speaking;
  }
}

/** Diagnostics of a device by what became of an attempt to use it. */
export function findingsOf({ device, problem, cause }: Outcome): [MediaDiagnosticType, boolean][] {
  const works = problem === null;
  switch (device) {
    case 'camera':
      return [
        ['cameraPermissionDenied', problem === 'denied'],
        ['cameraStartFailed', !works && problem !== 'denied' && problem !== 'lost'],
        ['cameraStoppedUnexpectedly', problem === 'lost'],
      ];
    case 'microphone':
      return [
        ['microphonePermissionDenied', problem === 'denied'],
        ['microphoneNotFunctioning', !works && problem !== 'denied'],
      ];
    default: {
      // The person's own "no" is no fault; the system's is.
      const system = problem === 'denied' && /system/i.test((cause as Error | undefined)?.message ?? '');
      return [
        ['screenshareRecordingDisabled', system],
        ['capturerStartFailed', !works && problem !== 'denied'],
      ];
    }
  }
}

export class Diagnostics extends Feature<Record<never, never>> implements UserFacingDiagnosticsFeature {
  readonly network: NetworkDiagnostics & Findings<NetworkDiagnosticType> = new Findings<NetworkDiagnosticType>();
  readonly media: MediaDiagnostics & Findings<MediaDiagnosticType> = new Findings<MediaDiagnosticType>();
  /** @internal */
  readonly _receiving = new Calm();
  /** @internal */
  readonly _sending = new Calm();
  /** @internal */
  _hadMedia = false;
  /** Frames of the camera at the last reading, and seconds without a new one. @internal */
  _camera = { id: '', frames: -1, still: 0 };
  /** The microphone that is watched. @internal */
  _microphone: MediaStreamTrack | null = null;
  /** @internal */
  _stopMuted: (() => void) | null = null;
  /** @internal */
  _stopLevel: (() => void) | null = null;
  /** @internal */
  _sawSpeakers = false;

  constructor(context: FeatureContext) {
    super('UserFacingDiagnostics', context);
    this._stops.push(observe((outcome) => this._device(outcome)));
    this._stops.push(watchReadings(context, (reading) => this._read(reading)));
    this._when(['connection', 'state'], () => this._connections());
    this._listen(context.local, ['change'], () => this._local());
    const network = () => this._connections();
    if (typeof window !== 'undefined') this._listen(window, ['online', 'offline'], network);
    const devices = () => this._devices();
    context.devices.on('audioDevicesUpdated', devices);
    this._stops.push(() => context.devices.off('audioDevicesUpdated', devices));
    this._stops.push(() => this._release());
    this._connections();
    this._local();
    this._devices();
  }

  override dispose(): void {
    super.dispose();
    this.network._dropListeners();
    this.media._dropListeners();
  }

  /** @internal */
  _listen(target: EventTarget, types: string[], listener: () => void): void {
    for (const type of types) target.addEventListener(type, listener);
    this._stops.push(() => types.forEach((type) => target.removeEventListener(type, listener)));
  }

  /** @internal */
  _connections(): void {
    const { conference } = this._context;
    if (conference.state === 'ended') {
      // Its findings can be read on; nothing is watched any more.
      for (const stop of this._stops.splice(0)) stop();
      return;
    }
    const { reconnecting, mediaState } = conference;
    const offline = globalThis.navigator?.onLine === false;
    this.network._flag('noNetwork', offline);
    this._hadMedia ||= mediaState === 'connected';
    const interrupted = this._hadMedia && (mediaState === 'disconnected' || mediaState === 'failed');
    const { Good, Poor, Bad } = DiagnosticQuality;
    this.network._quality('networkReconnect', reconnecting || offline ? Bad : interrupted ? Poor : Good);
    // Signaling gets through, media never did.
    if (mediaState === 'failed' && !this._hadMedia) this.network._flag('networkRelaysNotReachable', true);
    else if (mediaState === 'connected') this.network._flag('networkRelaysNotReachable', false);
  }

  /** @internal */
  _read(reading: Reading): void {
    this.network._quality('networkReceiveQuality', this._receiving.take(receiveQuality(reading)));
    this.network._quality('networkSendQuality', this._sending.take(sendQuality(reading)));
    this._watchCamera(reading);
  }

  /** @internal */
  _watchCamera(reading: Reading): void {
    const id = this._context.local.camera?.id ?? '';
    const source = ofType(reading.now, 'media-source').find(({ trackIdentifier }) => id && trackIdentifier === id);
    const frames = number(source, 'frames');
    if (frames === undefined) {
      this._camera = { id: '', frames: -1, still: 0 };
      this.media._flag('cameraFreeze', false);
      return;
    }
    const moves = this._camera.id !== id || frames !== this._camera.frames;
    const still = moves ? 0 : this._camera.still + 1;
    this._camera = { id, frames, still };
    this.media._flag('cameraFreeze', still >= FREEZE_AFTER);
  }

  /** @internal */
  _device(outcome: Outcome): void {
    for (const [name, wrong] of findingsOf(outcome)) this.media._flag(name, wrong);
  }

  /** @internal */
  _devices(): void {
    const { microphones, speakers } = this._context.devices._lists;
    if (microphones.length + speakers.length === 0 && !this._sawSpeakers) return;
    this.media._flag('noMicrophoneDevicesEnumerated', microphones.length === 0);
    if (!this._context.devices.isSpeakerSelectionAvailable) return;
    // Some browsers list no speakers at all; those with a device `default` list what there is.
    const lists = speakers.length > 0 || microphones.some(({ id }) => id === 'microphone:default');
    this._sawSpeakers ||= lists;
    if (this._sawSpeakers) this.media._flag('noSpeakerDevicesEnumerated', speakers.length === 0);
  }

  /** Watches the microphone that is used now. @internal */
  _local(): void {
    const { microphone, muted, camera } = this._context.local;
    if (camera?.readyState === 'live') this.media._flag('cameraStoppedUnexpectedly', false);
    if (microphone !== this._microphone) {
      this._release();
      this._microphone = microphone;
      if (microphone) this._watchMicrophone(microphone);
    }
    if (muted && microphone) this._stopLevel ??= this._watchSpeech(microphone);
    else {
      this._stopLevel?.();
      this._stopLevel = null;
      this.media._flag('speakingWhileMicrophoneIsMuted', false);
    }
  }

  /** @internal */
  _watchMicrophone(microphone: MediaStreamTrack): void {
    // The system has taken it, for a phone call for instance.
    const muted = () => this.media._flag('microphoneMuteUnexpectedly', microphone.muted);
    for (const type of ['mute', 'unmute']) microphone.addEventListener(type, muted);
    muted();
    this._stopMuted = () => {
      for (const type of ['mute', 'unmute']) microphone.removeEventListener(type, muted);
    };
  }

  /** A muted track is silent, so a copy of it is listened to; it goes nowhere. @internal */
  _watchSpeech(microphone: MediaStreamTrack): () => void {
    const copy = microphone.clone();
    copy.enabled = true;
    const speech = new SpeechDetector();
    const stop = watchLevel(copy, (level) => this.media._flag('speakingWhileMicrophoneIsMuted', speech.take(level)));
    return () => {
      stop();
      copy.stop();
    };
  }

  /** @internal */
  _release(): void {
    this._stopMuted?.();
    this._stopLevel?.();
    this._stopMuted = this._stopLevel = null;
    this._microphone = null;
  }
}
