/**
 * What the parts of the package know of each other, and apps do not.
 */

import type { Devices } from './devices/device-manager.js';
import type { Conference, LocalSources } from './session/conference.js';

/**
 * What `VideoStreamRenderer` asks of a stream, local or remote. Several views may show one stream at once; the stream
 * counts them: a remote one is received while somebody shows it, a local one's camera is open while somebody uses it.
 */
export interface Renderable {
  /** @internal Begins to show it in `element`, whose size and place decide how much of it is received. */
  _show(element: HTMLElement): Promise<MediaStream>;
  /** @internal `element` shows it no more. Without effect for one that is not known. */
  _hide(element: HTMLElement): void;
}

/** What an entry of `Features` is made with: once per call, at the first `call.feature(entry)`. */
export interface FeatureContext {
  /** The stay in the meeting behind the call: what is known of it, requests, its events. */
  conference: Conference;
  /** What this computer sends, and whether it is muted. */
  local: LocalSources;
  devices: Devices;
  /** `Call.id`, which may change once. */
  callId(): string;
  /** `RemoteVideoStream.id` for a track id of the session. */
  streamId(trackId: string): number | undefined;
  /** Participant ids of the session for an identifier's raw id, one for each device; none for who is not in the call. */
  participantIds(rawId: string): string[];
  /** Raw id for a participant id of the session. */
  rawId(participantId: string): string | undefined;
}
