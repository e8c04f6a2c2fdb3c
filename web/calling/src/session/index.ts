/** What the pages of Anteroom share with this package: signaling, media, one stay in one meeting. */

export { CONSTRAINTS, captureScreen, problemOf } from './capture.js';
export type { Problem } from './capture.js';
export { Conference } from './conference.js';
export type { ConferenceOptions, ConferenceState, LocalSources, Topic } from './conference.js';
export { CAMERA, MICROPHONE, SCREEN } from './media.js';
export type { Locator, View } from './messages.js';
export type { Announcement, EndReason, Notice } from './notices.js';
export type { ChatEntry, MeetingState, Participant, RemoteTrack, Waiting } from './roster.js';
export { RequestRefused, SessionOver, Signaling } from './signaling.js';
export type { TokenSource } from './token.js';
