/** Stand-ins for what browsers have and Node has not, and for the stay in a meeting behind features. */

import type { FeatureContext } from '../src/internal.js';
import { meetingState, participant } from '../src/session/roster.js';
import type { MeetingState, Participant } from '../src/session/roster.js';

let counter = 0;

export class FakeTrack extends EventTarget {
  readonly id = `track-${(counter += 1)}`;
  enabled = true;
  muted = false;
  contentHint = '';
  readyState: 'live' | 'ended' = 'live';

  constructor(
    readonly kind: 'audio' | 'video',
    readonly label = '',
  ) {
    super();
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** As when the device is unplugged. */
  end(): void {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }

  getSettings(): object {
    return {};
  }
}

export class FakeStream {
  tracks: FakeTrack[];

  constructor(tracks: FakeTrack[] = []) {
    this.tracks = [...tracks];
  }

  getTracks(): FakeTrack[] {
    return [...this.tracks];
  }

  getVideoTracks(): FakeTrack[] {
    return this.tracks.filter(({ kind }) => kind === 'video');
  }

  getAudioTracks(): FakeTrack[] {
    return this.tracks.filter(({ kind }) => kind === 'audio');
  }

  addTrack(track: FakeTrack): void {
    this.tracks.push(track);
  }

  removeTrack(track: FakeTrack): void {
    this.tracks = this.tracks.filter((one) => one !== track);
  }
}

type Kind = 'videoinput' | 'audioinput' | 'audiooutput';
export interface FakeDevice {
  kind: Kind;
  deviceId: string;
  label: string;
  groupId?: string;
}

/** `navigator.mediaDevices`, with what it was asked for. */
export class FakeMediaDevices extends EventTarget {
  plugged: FakeDevice[];
  /** Whether names and ids are told. */
  granted = { audio: false, video: false };
  /** What the next request is refused with: a `DOMException`'s name. */
  refuse: { audio?: string; video?: string } = {};
  readonly requests: { audio: boolean; video: boolean; deviceId: string }[] = [];
  readonly opened: FakeTrack[] = [];
  readonly states: Record<string, PermissionState> = { camera: 'prompt', microphone: 'prompt' };

  constructor(plugged: FakeDevice[]) {
    super();
    this.plugged = plugged;
  }

  async enumerateDevices(): Promise<FakeDevice[]> {
    return this.plugged.map((device) => {
      const told = device.kind === 'videoinput' ? this.granted.video : this.granted.audio;
      return { groupId: '', ...device, ...(told ? {} : { deviceId: '', label: '' }) };
    });
  }

  async getUserMedia(wanted: { audio?: unknown; video?: unknown }): Promise<FakeStream> {
    const [audio, video] = [Boolean(wanted.audio), Boolean(wanted.video)];
    const exact = (constraint: unknown) => (constraint as { deviceId?: { exact?: string } })?.deviceId?.exact ?? '';
    this.requests.push({ audio, video, deviceId: exact(wanted.audio) || exact(wanted.video) });
    const name = (audio && this.refuse.audio) || (video && this.refuse.video);
    if (name) throw Object.assign(new Error(name), { name });
    const tracks: FakeTrack[] = [];
    if (audio) tracks.push(new FakeTrack('audio', 'Microphone'));
    if (video) tracks.push(new FakeTrack('video', 'Camera'));
    this.granted = { audio: this.granted.audio || audio, video: this.granted.video || video };
    this.opened.push(...tracks);
    return new FakeStream(tracks);
  }

  async getDisplayMedia(): Promise<FakeStream> {
    const track = new FakeTrack('video', 'Screen');
    this.opened.push(track);
    return new FakeStream([track]);
  }

  /** Plugs and unplugs. */
  plug(plugged: FakeDevice[]): void {
    this.plugged = plugged;
    this.dispatchEvent(new Event('devicechange'));
  }
}

/** Puts the browser's globals in place, with these devices. */
export function browser(devices: FakeMediaDevices): FakeMediaDevices {
  const query = async ({ name }: { name: string }) => ({
    state: devices.states[name],
    addEventListener() {},
    removeEventListener() {},
  });
  const navigator = { mediaDevices: devices, permissions: { query }, hardwareConcurrency: 8, userAgent: 'Node' };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  Object.assign(globalThis, { MediaStream: FakeStream, HTMLMediaElement: class { setSinkId() {} } });
  return devices;
}

export const CAMERA: FakeDevice = { kind: 'videoinput', deviceId: 'cam1', label: 'Camera 1' };
export const SECOND_CAMERA: FakeDevice = { kind: 'videoinput', deviceId: 'cam2', label: 'Camera 2' };
export const MICROPHONE: FakeDevice = { kind: 'audioinput', deviceId: 'mic1', label: 'Microphone 1' };
export const HEADSET: FakeDevice = { kind: 'audioinput', deviceId: 'mic2', label: 'Headset' };
export const SPEAKER: FakeDevice = { kind: 'audiooutput', deviceId: 'out1', label: 'Speaker 1' };

/** Lets everything that is ready happen. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A stay in a meeting as features see it. */
export class FakeConference extends EventTarget {
  state = 'connecting';
  role = '';
  participantId = 'me';
  rawId = '8:acs:resource_me';
  capabilities = new Set<string>();
  reasons = new Map<string, string>();
  meeting: MeetingState = meetingState({});
  consented = false;
  reconnecting = false;
  mediaState = 'new';
  pc = null;
  participants = new Map<string, Participant>();
  tracks = new Map();
  speaking = new Set<string>();
  readonly requests: [string, object][] = [];
  /** What requests are refused with. */
  refuse: Error | null = null;

  async request(kind: string, body: object): Promise<void> {
    this.requests.push([kind, body]);
    if (this.refuse) throw this.refuse;
  }

  async consent(): Promise<void> {
    this.consented = true;
    this.change('meeting');
  }

  add(id: string, more: object = {}): void {
    this.participants.set(id, participant({ id, rawId: `8:acs:resource_${id}`, role: 'ROLE_ATTENDEE', ...more }, undefined));
    this.change('roster');
  }

  change(...topics: string[]): void {
    for (const topic of topics) this.dispatchEvent(new CustomEvent('change', { detail: { topic } }));
  }

  /** Changes something of the meeting. */
  meet(changes: Partial<MeetingState>): void {
    this.meeting = { ...this.meeting, ...changes };
    this.change('meeting');
  }

  connect(): void {
    this.state = 'connected';
    this.change('state');
  }
}

export function contextOf(conference: FakeConference, more: object = {}): FeatureContext {
  const local = Object.assign(new EventTarget(), { microphone: null, camera: null, screen: null, muted: false });
  const devices = { on() {}, off() {}, isSpeakerSelectionAvailable: true, _lists: { cameras: [], microphones: [], speakers: [] } };
  return {
    conference,
    local,
    devices,
    callId: () => 'call',
    streamId: () => undefined,
    participantIds: (rawId: string) => [...conference.participants.values()].filter((one) => one.rawId === rawId).map(({ id }) => id),
    rawId: (id: string) => conference.participants.get(id)?.rawId,
    ...more,
  } as unknown as FeatureContext;
}
