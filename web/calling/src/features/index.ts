/** What `call.feature(entry)` hands out. */

import type { FeatureContext } from '../internal.js';
import type { CallFeature } from '../types/index.js';
import { Capabilities } from './capabilities.js';
import { Diagnostics } from './diagnostics.js';
import {
  AudioConferencing,
  BreakoutRooms,
  CaptionsFeature,
  DataChannel,
  PPTLive,
  RealTimeText,
  TogetherMode,
  Transfers,
  Unknown,
} from './inert.js';
import { MediaStats } from './media-stats.js';
import { OptimalVideoCount } from './optimal-video-count.js';
import { DominantSpeakers, MediaAccesses, RaiseHand, Reactions, Spotlight } from './people.js';
import { Recording, Transcription } from './recording.js';
import { Survey } from './survey.js';

export { createDebugInfo } from './debug-info.js';
export { Features } from './registry.js';

const MAKERS: Record<string, (context: FeatureContext, name: string) => CallFeature> = {
  BreakoutRooms: (context, name) => new BreakoutRooms(name, context),
  CallSurvey: (context, name) => new Survey(name, context),
  Capabilities: (context) => new Capabilities(context),
  Captions: (context, name) => new CaptionsFeature(name, context),
  DataChannel: (context, name) => new DataChannel(name, context),
  DominantSpeakers: (context) => new DominantSpeakers(context),
  MediaAccess: (context) => new MediaAccesses(context),
  MediaStats: (context) => new MediaStats(context),
  OptimalVideoCount: (context) => new OptimalVideoCount(context),
  PPTLive: (context, name) => new PPTLive(name, context),
  RaiseHand: (context) => new RaiseHand(context),
  Reaction: (context) => new Reactions(context),
  RealTimeText: (context, name) => new RealTimeText(name, context),
  Recording: (context) => new Recording(context),
  Spotlight: (context) => new Spotlight(context),
  TeamsMeetingAudioConferencing: (context, name) => new AudioConferencing(name, context),
  TogetherMode: (context, name) => new TogetherMode(name, context),
  Transcription: (context) => new Transcription(context),
  Transfer: (context, name) => new Transfers(name, context),
  UserFacingDiagnostics: (context) => new Diagnostics(context),
};

/**
 * Makes a feature of a call. The call makes one per name and hands it out again, and calls its `dispose` after the end.
 *
 * @param name of the entry: entries of another copy of this module have the same ones
 */
export function createFeature(name: string, context: FeatureContext): CallFeature {
  const make = Object.hasOwn(MAKERS, name) ? MAKERS[name] : undefined;
  return make?.(context, name) ?? new Unknown(name, context);
}
