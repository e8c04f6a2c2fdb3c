/** What goes wrong with cameras, microphones and screens, as errors with the documented numbers. */

import { CommunicationError } from '../errors.js';
import type { Problem } from '../session/capture.js';

export type DeviceKind = 'camera' | 'microphone' | 'screen';

/** Code, sub code and sentence by problem. */
const CAMERA: Record<Problem, [number, number, string]> = {
  denied: [403, 43001, 'The camera is blocked: allow it in the browser and in the system.'],
  missing: [412, 43013, 'There is no such camera.'],
  busy: [412, 43000, 'The camera is used by another program.'],
  unsupported: [412, 43016, 'This browser gives cameras to secure (https) pages only.'],
  failed: [500, 43002, 'The camera could not be started.'],
};

const MICROPHONE: Record<Problem, [number, number, string]> = {
  denied: [400, 41016, 'The microphone is blocked: allow it in the browser and in the system.'],
  missing: [400, 41016, 'There is no such microphone.'],
  busy: [400, 41016, 'The microphone is used by another program.'],
  unsupported: [400, 41016, 'This browser gives microphones to secure (https) pages only.'],
  failed: [400, 41016, 'The microphone could not be started.'],
};

const SCREEN: Record<Problem, [number, number, string]> = {
  denied: [403, 43001, 'Nothing was chosen to be shared, or the system does not let the browser record the screen.'],
  missing: [412, 43013, 'There is nothing to share.'],
  busy: [412, 43000, 'The screen could not be recorded.'],
  unsupported: [412, 43016, 'This browser cannot share the screen.'],
  failed: [500, 43002, 'Sharing the screen could not be started.'],
};

const TABLES = { camera: CAMERA, microphone: MICROPHONE, screen: SCREEN };

/** An error that knows which device it is about, and what of it. */
export class DeviceError extends CommunicationError {
  constructor(
    readonly device: DeviceKind,
    readonly problem: Problem,
    cause?: unknown,
  ) {
    const [code, subCode, message] = TABLES[device][problem];
    super(message, code, subCode);
    this.cause = cause;
  }
}
