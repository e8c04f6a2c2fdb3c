/**
 * `@anteroom/calling`: calls on an Anteroom server, in the documented shape of the ACS Calling Web SDK.
 * @packageDocumentation
 */

export { CallClient } from './client.js';
export type { AnteroomClientOptions } from './client.js';
export type { ServerOptions } from './credential.js';
export { LocalAudioStream } from './devices/local-audio-stream.js';
export { LocalVideoStream } from './devices/local-video-stream.js';
export { CommunicationError } from './errors.js';
export { Features } from './features/registry.js';
export { VideoStreamRenderer } from './renderer.js';
export * from './types/index.js';
