/**
 * Camera, microphone, screen and speaker of this computer. Works without any of them: what is missing is `null`, and
 * `problems` says why.
 * @module devices
 */

import { t, textId } from './i18n.js';
import { preferences, remember } from './preferences.js';
import { CONSTRAINTS, captureScreen, problemOf } from './session.js';

/** @typedef {import('./session.js').Problem} Problem */

/** Sentences for a person. */
const SENTENCES = {
  microphone: {
    denied: textId('call-microphone-denied'),
    missing: textId('call-microphone-missing'),
    busy: textId('call-microphone-busy'),
    failed: textId('call-microphone-failed'),
    unsupported: textId('call-microphone-unsupported'),
  },
  camera: {
    denied: textId('call-camera-denied'),
    missing: textId('call-camera-missing'),
    busy: textId('call-camera-busy'),
    failed: textId('call-camera-failed'),
    unsupported: textId('call-camera-unsupported'),
  },
};

/**
 * @param {'microphone'|'camera'} device
 * @param {Problem|null} problem
 * @returns {string} a sentence for a person, empty without a problem
 */
export function explain(device, problem) {
  return problem ? t(SENTENCES[device][problem]) : '';
}

/** @returns {boolean} whether this browser can share a screen */
export function canShareScreen() {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}

/** @returns {boolean} whether this browser can play on another speaker than the system's */
export function canChooseSpeaker() {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

/**
 * Events: `change`, whenever a track, a problem or the list of devices is another one.
 */
export class LocalMedia extends EventTarget {
  /** @type {MediaStreamTrack|null} */
  microphone = null;
  /** @type {MediaStreamTrack|null} */
  camera = null;
  /** @type {MediaStreamTrack|null} */
  screen = null;
  /** @type {{microphone: Problem|null, camera: Problem|null}} */
  problems = { microphone: null, camera: null };
  /** @type {{microphones: MediaDeviceInfo[], cameras: MediaDeviceInfo[], speakers: MediaDeviceInfo[]}} */
  devices = { microphones: [], cameras: [], speakers: [] };
  /** Id of the speaker to play on; empty: the system's. */
  speaker = preferences().speaker ?? '';
  /** Whether the person is being asked, or devices are starting. */
  opening = false;
  /** Whether {@link open} was ever called. */
  opened = false;
  #closed = false;
  /** Permissions that are watched. @type {PermissionStatus[]} */
  #permissions = [];
  #muted = false;
  /** Requests for one kind of device run one after the other. */
  #queue = { microphone: Promise.resolve(), camera: Promise.resolve() };
  #chosen = { microphone: preferences().microphone, camera: preferences().camera };
  #listener = () => this.#listDevices();

  constructor() {
    super();
    navigator.mediaDevices?.addEventListener('devicechange', this.#listener);
  }

  /** Whether others hear nothing, by choice or because there is no microphone. */
  get muted() {
    return this.#muted || this.microphone === null;
  }

  /** Opens microphone and camera; one question to the person where both exist. */
  async open() {
    this.opened = true;
    if (!navigator.mediaDevices?.getUserMedia) {
      this.problems = { microphone: 'unsupported', camera: 'unsupported' };
      this.#changed();
      return;
    }
    this.opening = true;
    this.#changed();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: this.#constraints('microphone'),
        video: this.#constraints('camera'),
      });
      this.#adopt('microphone', stream.getAudioTracks()[0] ?? null);
      this.#adopt('camera', stream.getVideoTracks()[0] ?? null);
    } catch {
      // One of the two is missing or refused; find out which.
      await Promise.all([this.#open('microphone'), this.#open('camera')]);
    }
    this.opening = false;
    await this.#listDevices();
    this.#watchPermissions();
  }

  /** Opens what could not be opened before. */
  async retry() {
    for (const kind of ['microphone', 'camera']) {
      if (this.problems[kind]) await this.#enqueue(kind, () => this.#open(kind));
    }
    await this.#listDevices();
  }

  /** @param {string} deviceId of a speaker; empty: the system's */
  chooseSpeaker(deviceId) {
    this.speaker = deviceId;
    remember({ speaker: deviceId });
    this.#changed();
  }

  /** @param {boolean} muted */
  async setMuted(muted) {
    this.#muted = muted;
    if (!muted && !this.microphone) {
      await this.#enqueue('microphone', () => this.#open('microphone'));
      await this.#listDevices();
    }
    if (this.microphone) this.microphone.enabled = !this.#muted;
    this.#changed();
  }

  /** @param {boolean} on off also switches the camera's light off */
  async setCamera(on) {
    await this.#enqueue('camera', async () => {
      if (on && !this.camera) await this.#open('camera');
      else if (!on) this.#adopt('camera', null);
    });
    await this.#listDevices();
  }

  /**
   * Uses another microphone or camera from now on.
   * @param {'microphone'|'camera'} kind
   * @param {string} deviceId
   */
  async choose(kind, deviceId) {
    this.#chosen[kind] = deviceId;
    remember({ [kind]: deviceId });
    await this.#enqueue(kind, async () => {
      if (kind === 'microphone' || this.camera) await this.#open(kind);
    });
    await this.#listDevices();
  }

  /**
   * Asks for a screen, window or tab.
   * @returns {Promise<boolean>} false when the person changed their mind
   * @throws {DOMException} when there is nothing to capture
   */
  async startScreen() {
    let track;
    try {
      track = await captureScreen();
    } catch (error) {
      if (error.name === 'NotAllowedError' || error.name === 'AbortError') return false;
      throw error;
    }
    this.stopScreen();
    // The browser has a button of its own to stop sharing.
    track.addEventListener('ended', () => this.screen === track && this.stopScreen());
    this.screen = track;
    this.#changed();
    return true;
  }

  stopScreen() {
    if (!this.screen) return;
    this.screen.stop();
    this.screen = null;
    this.#changed();
  }

  /** Gives everything back. */
  close() {
    this.#closed = true;
    navigator.mediaDevices?.removeEventListener('devicechange', this.#listener);
    for (const permission of this.#permissions) permission.onchange = null;
    this.#adopt('microphone', null);
    this.#adopt('camera', null);
    this.stopScreen();
  }

  async #open(kind) {
    if (!navigator.mediaDevices?.getUserMedia) {
      this.problems[kind] = 'unsupported';
      return;
    }
    const media = kind === 'microphone' ? 'audio' : 'video';
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ [media]: this.#constraints(kind) });
      this.#adopt(kind, stream.getTracks()[0] ?? null);
    } catch (error) {
      this.problems[kind] = problemOf(error);
      this.#adopt(kind, null, { keepProblem: true });
    }
  }

  #adopt(kind, track, { keepProblem = false } = {}) {
    // Given back while the person was being asked: nothing stays on.
    if (this.#closed && track) {
      track.stop();
      return;
    }
    const old = this[kind];
    if (old && old !== track) old.stop();
    this[kind] = track;
    if (!keepProblem) this.problems[kind] = null;
    if (track) {
      if (kind === 'microphone') track.enabled = !this.#muted;
      track.addEventListener('ended', () => this.#unplugged(kind, track));
    }
    this.#changed();
  }

  /** The device went away (or permission was taken back): go on with another one if there is one. */
  #unplugged(kind, track) {
    if (this[kind] !== track) return;
    this.#chosen[kind] = undefined;
    this.#enqueue(kind, () => this.#open(kind)).then(() => this.#listDevices());
  }

  #constraints(kind) {
    const base = CONSTRAINTS[kind];
    const chosen = this.#chosen[kind];
    // Not `exact`: a remembered device may not be there today.
    return chosen ? { ...base, deviceId: { ideal: chosen } } : base;
  }

  async #listDevices() {
    try {
      const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
      this.devices = {
        microphones: all.filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId),
        cameras: all.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId),
        speakers: all.filter(({ kind, deviceId }) => kind === 'audiooutput' && deviceId),
      };
    } catch {
      this.devices = { microphones: [], cameras: [], speakers: [] };
    }
    this.#changed();
  }

  /** Who allows in the address bar what was blocked need not press anything here. */
  async #watchPermissions() {
    if (this.#permissions.length > 0 || this.#closed) return;
    for (const name of ['microphone', 'camera']) {
      try {
        const permission = await navigator.permissions.query({ name });
        permission.onchange = () => {
          if (permission.state === 'granted' && this.problems[name] === 'denied') this.retry();
        };
        this.#permissions.push(permission);
      } catch {
        // Not every browser tells of permissions.
      }
    }
  }

  #enqueue(kind, action) {
    this.#queue[kind] = this.#queue[kind].then(action, action);
    return this.#queue[kind];
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
