/**
 * `@anteroom/calling-effects`: the three effects that apps and UI libraries import by name, in the documented shape, and
 * inert: nothing here changes a picture or a sound. Every effect says so when it is asked, and refuses to start.
 * @packageDocumentation
 */

export { EffectNotSupportedError } from './effect.js';
export { BackgroundBlurEffect, BackgroundReplacementEffect } from './video.js';
export type { BackgroundBlurConfig, BackgroundReplacementConfig } from './video.js';
export { DeepNoiseSuppressionEffect } from './audio.js';
