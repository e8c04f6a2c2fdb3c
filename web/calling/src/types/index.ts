/** Every documented name, declared from the documentation and from what open source libraries use of them. */

export * from './common.js';
export * from './devices.js';
export * from './streams.js';
export * from './feature.js';
export * from './participant.js';
export * from './locators.js';
export * from './call.js';
export * from './agent.js';
export * from './features/capabilities.js';
export * from './features/captions.js';
export * from './features/data-channel.js';
export * from './features/debug-info.js';
export * from './features/diagnostics.js';
export * from './features/effects.js';
export * from './features/media-stats.js';
export * from './features/meeting.js';
export * from './features/survey.js';
export * from './features/teams.js';
export * from './features/transfer.js';
