/**
 * Which cameras, microphones and speakers there are, which of them calls use, and whether the person allows it.
 *
 * Names and ids are known once the person has allowed a kind of device; until then there are placeholders.
 */

import { Emitter } from '../emitter.js';
import { CommunicationError } from '../errors.js';
import type {
  AudioDeviceInfo,
  DeviceAccess,
  DeviceManager,
  PermissionConstraints,
  PreheatDevicesOptions,
  VideoDeviceInfo,
} from '../types/index.js';
import { forget, open } from './capture.js';
import type { Lease } from './capture.js';
import { deviceIdOf, idOf } from './ids.js';

type Updated<T> = { added: T[]; removed: T[] };
type DeviceEvents = {
  videoDevicesUpdated: Updated<VideoDeviceInfo>;
  audioDevicesUpdated: Updated<AudioDeviceInfo>;
  selectedMicrophoneChanged: void;
  selectedSpeakerChanged: void;
};
type Choice = 'selectedMicrophone' | 'selectedSpeaker';
interface Lists {
  cameras: VideoDeviceInfo[];
  microphones: AudioDeviceInfo[];
  speakers: AudioDeviceInfo[];
}

/** The one `DeviceManager` of a client. */
export class Devices extends Emitter<DeviceEvents> implements DeviceManager {
  selectedMicrophone: AudioDeviceInfo | undefined = undefined;
  selectedSpeaker: AudioDeviceInfo | undefined = undefined;
  /** @internal */
  _lists: Lists = { cameras: [], microphones: [], speakers: [] };
  /** Lists are made one after the other. @internal */
  _refreshing: Promise<void> | null = null;
  /** So are questions to the person. @internal */
  _asking: Promise<unknown> = Promise.resolve();
  /** What this page was allowed: Firefox forgets unless it is asked to remember. @internal */
  readonly _granted: DeviceAccess = { audio: false, video: false };
  /** What is behind the pseudo device `default`, to see when it is another one. @internal */
  _defaultGroup: string | null = null;
  /** @internal */
  _preheated: Lease[] = [];
  /** @internal */
  readonly _permissions: PermissionStatus[] = [];
  /** @internal */
  readonly _onChange = () => void this._refresh();

  constructor() {
    super();
    media()?.addEventListener?.('devicechange', this._onChange);
    void this._watchPermissions();
  }

  get isSpeakerSelectionAvailable(): boolean {
    return typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype;
  }

  async getCameras(): Promise<VideoDeviceInfo[]> {
    await this._refresh();
    return this._lists.cameras.map(copy);
  }

  async getMicrophones(): Promise<AudioDeviceInfo[]> {
    await this._refresh();
    return this._lists.microphones.map(copy);
  }

  /** @throws {CommunicationError} 405/40606 where the system chooses the speaker */
  async getSpeakers(): Promise<AudioDeviceInfo[]> {
    this._checkSpeakers();
    await this._refresh();
    return this._lists.speakers.map(copy);
  }

  /** @throws {CommunicationError} for one that is not in the list */
  async selectMicrophone(microphone: AudioDeviceInfo): Promise<void> {
    await this._refresh();
    this._choose('selectedMicrophone', known(this._lists.microphones, microphone));
  }

  /** @throws {CommunicationError} for one that is not in the list, or where the system chooses the speaker */
  async selectSpeaker(speaker: AudioDeviceInfo): Promise<void> {
    this._checkSpeakers();
    await this._refresh();
    this._choose('selectedSpeaker', known(this._lists.speakers, speaker));
  }

  /**
   * Asks the person, unless they have allowed it already: then no device is opened, and no light flashes, where devices have
   * names already.
   *
   * @returns what is allowed; false also where there is no such device
   */
  askDevicePermission({ audio, video }: PermissionConstraints): Promise<DeviceAccess> {
    const asked = this._asking.then(() => this._ask({ audio: Boolean(audio), video: Boolean(video) }));
    this._asking = asked.catch(() => {});
    return asked;
  }

  /** Opens the devices that calls use until `stopPreheatDevices`. Devices that cannot be opened are left out. */
  async startPreheatDevices({ audio = true, video = false }: PreheatDevicesOptions = {}): Promise<void> {
    await this.stopPreheatDevices();
    const camera = this._lists.cameras[0]?.id ?? '';
    const opened = await Promise.allSettled([
      ...(audio ? [open('microphone', deviceIdOf(this.selectedMicrophone?.id ?? ''))] : []),
      ...(video ? [open('camera', deviceIdOf(camera))] : []),
    ]);
    this._preheated = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  }

  async stopPreheatDevices(): Promise<void> {
    for (const lease of this._preheated.splice(0)) lease.release();
  }

  /** @internal */
  _dispose(): void {
    media()?.removeEventListener?.('devicechange', this._onChange);
    for (const permission of this._permissions.splice(0)) permission.removeEventListener?.('change', this._onChange);
    void this.stopPreheatDevices();
    this._dropListeners();
  }

  /** Names are known once a preview or a call was allowed, too. @internal */
  async _watchPermissions(): Promise<void> {
    for (const name of ['camera', 'microphone'] as const) {
      try {
        const permission = await navigator.permissions.query({ name: name as PermissionName });
        permission.addEventListener('change', this._onChange);
        this._permissions.push(permission);
      } catch {
        // A browser that does not say.
      }
    }
  }

  /** Whether the person allows it, without asking; `unknown` where the browser does not say. @internal */
  async _permission(kind: keyof DeviceAccess): Promise<PermissionState | 'unknown'> {
    if (this._granted[kind]) return 'granted';
    try {
      const name = (kind === 'audio' ? 'microphone' : 'camera') as PermissionName;
      const { state } = await navigator.permissions.query({ name });
      return state;
    } catch {
      // A browser that does not say shows it: devices have names.
      const list = kind === 'audio' ? this._lists.microphones : this._lists.cameras;
      return list.some(({ name }) => name) ? 'granted' : 'unknown';
    }
  }

  /** @internal */
  async _ask(wanted: DeviceAccess): Promise<DeviceAccess> {
    await this._refresh();
    const access: DeviceAccess = { audio: false, video: false };
    const questions: (keyof DeviceAccess)[] = [];
    for (const kind of ['audio', 'video'] as const) {
      if (!wanted[kind]) continue;
      const state = await this._permission(kind);
      if (state === 'granted') access[kind] = this._granted[kind] = true;
      // Firefox names nothing to a page that has not opened a device yet, though it may without a question.
      if (state !== 'denied' && (state !== 'granted' || this._nameless(kind))) questions.push(kind);
    }
    // One question for both; where that fails, one of the two may still be there.
    if (questions.length === 2 && (await this._request(questions))) access.audio = access.video = true;
    else for (const kind of questions) access[kind] = (await this._request([kind])) || this._granted[kind];
    if (questions.length > 0) await this._refresh();
    return access;
  }

  /** Whether there is something without a name. @internal */
  _nameless(kind: keyof DeviceAccess): boolean {
    const list = kind === 'audio' ? this._lists.microphones : this._lists.cameras;
    return list.length > 0 && list.every(({ name }) => !name);
  }

  /** @internal */
  async _request(kinds: (keyof DeviceAccess)[]): Promise<boolean> {
    try {
      const stream = await media()?.getUserMedia?.({ audio: kinds.includes('audio'), video: kinds.includes('video') });
      if (!stream) return false;
      // Names are listed while a device is open, in some browsers only then.
      await this._refresh();
      for (const track of stream.getTracks()) track.stop();
      for (const kind of kinds) this._granted[kind] = true;
      return true;
    } catch {
      return false;
    }
  }

  /** Brings the lists up to date and says what has changed. @internal */
  _refresh(): Promise<void> {
    // One that runs may have looked too early: another follows it.
    const before = this._refreshing;
    const next = (before ?? Promise.resolve()).then(() => this._list());
    const done = next.finally(() => {
      if (this._refreshing === done) this._refreshing = null;
    });
    this._refreshing = done;
    return done;
  }

  /** @internal */
  async _list(): Promise<void> {
    let all: MediaDeviceInfo[] = [];
    try {
      all = (await media()?.enumerateDevices?.()) ?? [];
    } catch {
      // As if there were none.
    }
    const old = this._lists;
    this._lists = {
      cameras: unique(all.filter(({ kind }) => kind === 'videoinput').map(camera)),
      microphones: unique(all.filter(({ kind }) => kind === 'audioinput').map(audioDevice('microphone'))),
      speakers: unique(all.filter(({ kind }) => kind === 'audiooutput').map(audioDevice('speaker'))),
    };
    const video = difference(old.cameras, this._lists.cameras);
    const audio = difference(
      [...old.microphones, ...old.speakers],
      [...this._lists.microphones, ...this._lists.speakers],
    );
    this._fallBack(all);
    if (video) this._emit('videoDevicesUpdated', video);
    if (audio) this._emit('audioDevicesUpdated', audio);
  }

  /**
   * Goes on with the first of the list when the chosen device is gone, or when the system's default is another one.
   * @internal
   */
  _fallBack(all: MediaDeviceInfo[]): void {
    const group = all.find(({ kind, deviceId }) => kind === 'audioinput' && deviceId === 'default')?.groupId ?? null;
    const moved = group !== this._defaultGroup && this._defaultGroup !== null;
    this._defaultGroup = group;
    // The capture of before stays with the device of before.
    if (moved) forget('microphone', 'default');
    this._keep('selectedMicrophone', this._lists.microphones, moved);
    if (this.isSpeakerSelectionAvailable) this._keep('selectedSpeaker', this._lists.speakers, false);
  }

  /** @internal */
  _keep(choice: Choice, list: AudioDeviceInfo[], moved: boolean): void {
    // Placeholders are not chosen.
    const named = list.filter(({ name }) => name);
    const now = this[choice];
    const same = named.find(({ id }) => id === now?.id);
    this._choose(choice, same ?? named[0], moved && same?.isSystemDefault);
  }

  /** @internal */
  _choose(choice: Choice, device: AudioDeviceInfo | undefined, anew = false): void {
    const old = this[choice];
    this[choice] = device && { ...device };
    if (old?.id !== device?.id || old?.name !== device?.name || anew) this._emit(`${choice}Changed`, undefined);
  }

  /** @internal */
  _checkSpeakers(): void {
    if (this.isSpeakerSelectionAvailable) return;
    throw new CommunicationError('In this browser the system chooses the speaker.', 405, 40606);
  }
}

const media = (): MediaDevices | undefined => globalThis.navigator?.mediaDevices;
const copy = <T extends object>(device: T): T => ({ ...device });

function camera({ deviceId, label }: MediaDeviceInfo, index: number): VideoDeviceInfo {
  return { id: idOf('camera', deviceId, index), name: label, deviceType: 'UsbCamera' };
}

function audioDevice(kind: 'microphone' | 'speaker') {
  return ({ deviceId, label }: MediaDeviceInfo, index: number, all: MediaDeviceInfo[]): AudioDeviceInfo => ({
    id: idOf(kind, deviceId, index),
    name: label,
    // Where there is no device of that name, the first one is it.
    isSystemDefault: deviceId === 'default' || (index === 0 && all.every((one) => one.deviceId !== 'default')),
    deviceType: kind === 'microphone' ? 'Microphone' : 'Speaker',
  });
}

function unique<T extends { id: string }>(devices: T[]): T[] {
  return [...new Map(devices.map((device) => [device.id, device])).values()];
}

function known(list: AudioDeviceInfo[], wanted: AudioDeviceInfo): AudioDeviceInfo {
  const found = list.find(({ id }) => id === wanted?.id);
  if (found) return found;
  throw new CommunicationError('There is no such device: take one of the list.', 400);
}

/** `null` when nothing has changed. A device that has got its name is another one. */
function difference<T extends { id: string; name: string }>(old: T[], now: T[]): Updated<T> | null {
  const without = (list: T[], other: T[]) =>
    list.filter(({ id, name }) => !other.some((one) => one.id === id && one.name === name)).map(copy);
  const [added, removed] = [without(now, old), without(old, now)];
  return added.length + removed.length > 0 ? { added, removed } : null;
}
