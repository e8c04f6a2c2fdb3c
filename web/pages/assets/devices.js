/**
 * Camera, microphone and screen of this computer. Works without any of them: what is missing is `null`, and `problems`
 * says why.
 * @module devices
 */

import { preferences, remember } from './preferences.js';

/** @typedef {'denied'|'missing'|'busy'|'unsupported'} Problem */

const MICROPHONE_CONSTRAINTS = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
/** Halved twice, its sides stay even: it is sent in three sizes. */
const CAMERA_CONSTRAINTS = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24, max: 30 } };
const SCREEN_CONSTRAINTS = {
  video: { frameRate: { ideal: 15, max: 30 }, width: { max: 1920 }, height: { max: 1080 } },
  audio: false,
};

const SENTENCES = {
  microphone: {
    denied: 'The microphone is blocked. Allow it in the address bar to be heard.',
    missing: 'No microphone found. You can still listen, and join the chat.',
    busy: 'The microphone is used by another program.',
    unsupported: 'This browser gives microphones to secure (https) pages only.',
  },
  camera: {
    denied: 'The camera is blocked. Allow it in the address bar to be seen.',
    missing: 'No camera found. You can join without one.',
    busy: 'The camera is used by another program.',
    unsupported: 'This browser gives cameras to secure (https) pages only.',
  },
};

/**
 * @param {'microphone'|'camera'} device
 * @param {Problem|null} problem
 * @returns {string} a sentence for a person, empty without a problem
 */
export function explain(device, problem) {
  return problem ? SENTENCES[device][problem] : '';
}

/** @returns {boolean} whether this browser can share a screen */
export function canShareScreen() {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
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
  /** @type {{microphones: MediaDeviceInfo[], cameras: MediaDeviceInfo[]}} */
  devices = { microphones: [], cameras: [] };
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
    if (!navigator.mediaDevices?.getUserMedia) {
      this.problems = { microphone: 'unsupported', camera: 'unsupported' };
      this.#changed();
      return;
    }
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
    await this.#listDevices();
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
    let stream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia(SCREEN_CONSTRAINTS);
    } catch (error) {
      if (error.name === 'NotAllowedError' || error.name === 'AbortError') return false;
      throw error;
    }
    this.stopScreen();
    const [track] = stream.getVideoTracks();
    if ('contentHint' in track) track.contentHint = 'detail';
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
    navigator.mediaDevices?.removeEventListener('devicechange', this.#listener);
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
    const base = kind === 'microphone' ? MICROPHONE_CONSTRAINTS : CAMERA_CONSTRAINTS;
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
      };
    } catch {
      this.devices = { microphones: [], cameras: [] };
    }
    this.#changed();
  }

  #enqueue(kind, action) {
    this.#queue[kind] = this.#queue[kind].then(action, action);
    return this.#queue[kind];
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

/** @returns {Problem} */
function problemOf(error) {
  switch (error?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'missing';
  }
}
