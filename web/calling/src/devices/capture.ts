/**
 * Captures of cameras and microphones, one per device, shared by everybody who uses it: previews and calls. The device is
 * closed, and its light goes out, when nobody uses it any more.
 */

import { CONSTRAINTS, captureScreen, problemOf } from '../session/capture.js';
import type { Problem } from '../session/capture.js';
import { DeviceError } from './problems.js';
import type { DeviceKind } from './problems.js';

export type CaptureKind = 'camera' | 'microphone';

/** The right to use a device until `release`. */
export interface Lease {
  readonly track: MediaStreamTrack;
  /** Called when the device goes away or the permission is taken back, not after `release`. */
  onended: (() => void) | null;
  /** Whether whoever opens the device now gets another track: the one of before is over, or the device is another one. */
  readonly stale: boolean;
  /** May be called more than once. */
  release(): void;
}

interface Capture {
  opening: Promise<MediaStreamTrack>;
  track: MediaStreamTrack | null;
  leases: Set<Lease>;
  /** Those who wait for it to open count, too. */
  users: number;
}

const captures = new Map<string, Capture>();

/**
 * Uses a camera or a microphone.
 *
 * @param deviceId as the browser has it; empty means whichever the browser chooses
 * @throws {DeviceError}
 */
export async function open(kind: CaptureKind, deviceId: string): Promise<Lease> {
  const key = `${kind}:${deviceId}`;
  let capture = captures.get(key);
  // A track that an app has stopped says nothing about it.
  if (capture?.track?.readyState === 'ended') {
    captures.delete(key);
    capture = undefined;
  }
  if (!capture) captures.set(key, (capture = start(key, kind, deviceId)));
  const shared = capture;
  shared.users += 1;
  const leave = () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    if (captures.get(key) === shared) captures.delete(key);
    shared.track?.stop();
  };
  let track: MediaStreamTrack;
  try {
    track = await shared.opening;
  } catch (error) {
    leave();
    throw error;
  }
  const lease: Lease = {
    track,
    onended: null,
    get stale() {
      return captures.get(key) !== shared || track.readyState === 'ended';
    },
    release: () => {
      if (shared.leases.delete(lease)) leave();
    },
  };
  shared.leases.add(lease);
  return lease;
}

/** Whoever uses the device next opens it anew; who uses it now keeps what they have. */
export function forget(kind: CaptureKind, deviceId: string): void {
  captures.delete(`${kind}:${deviceId}`);
}

/** What became of an attempt to use a device, or of its use. */
export interface Outcome {
  device: DeviceKind;
  /** `lost`: it went away while it was used; `null`: it works. */
  problem: Problem | 'lost' | null;
  cause?: unknown;
}

const observers = new Set<(outcome: Outcome) => void>();

/** Hears how it goes with devices. */
export function observe(observer: (outcome: Outcome) => void): () => void {
  observers.add(observer);
  return () => observers.delete(observer);
}

function tell(outcome: Outcome): void {
  for (const observer of [...observers]) observer(outcome);
}

/** How many use a device now, for tests. */
export function users(kind: CaptureKind, deviceId: string): number {
  return captures.get(`${kind}:${deviceId}`)?.users ?? 0;
}

function start(key: string, kind: CaptureKind, deviceId: string): Capture {
  const capture: Capture = { opening: media(kind, deviceId), track: null, leases: new Set(), users: 0 };
  capture.opening.then(
    (track) => {
      capture.track = track;
      tell({ device: kind, problem: null });
      track.addEventListener('ended', () => {
        if (captures.get(key) === capture) captures.delete(key);
        tell({ device: kind, problem: 'lost' });
        for (const lease of [...capture.leases]) lease.onended?.();
      });
    },
    (error: DeviceError) => {
      if (captures.get(key) === capture) captures.delete(key);
      tell({ device: kind, problem: error.problem, cause: error.cause });
    },
  );
  return capture;
}

async function media(kind: CaptureKind, deviceId: string): Promise<MediaStreamTrack> {
  const devices = globalThis.navigator?.mediaDevices;
  if (!devices?.getUserMedia) throw new DeviceError(kind, 'unsupported');
  const constraints = deviceId ? { ...CONSTRAINTS[kind], deviceId: { exact: deviceId } } : CONSTRAINTS[kind];
  try {
    const stream = await devices.getUserMedia(kind === 'camera' ? { video: constraints } : { audio: constraints });
    const [track] = stream.getTracks();
    if (!track) throw new DeviceError(kind, 'missing');
    return track;
  } catch (error) {
    throw error instanceof DeviceError ? error : new DeviceError(kind, problemOf(error), error);
  }
}

/**
 * Asks the person for a screen, a window or a tab.
 *
 * @throws {DeviceError} `denied` also when they changed their mind
 */
export async function openScreen(): Promise<MediaStreamTrack> {
  const devices = globalThis.navigator?.mediaDevices;
  if (!devices?.getDisplayMedia) throw new DeviceError('screen', 'unsupported');
  let track: MediaStreamTrack | undefined;
  try {
    track = await captureScreen();
  } catch (error) {
    tell({ device: 'screen', problem: problemOf(error), cause: error });
    throw new DeviceError('screen', problemOf(error), error);
  }
  if (!track) throw new DeviceError('screen', 'missing');
  tell({ device: 'screen', problem: null });
  return track;
}
