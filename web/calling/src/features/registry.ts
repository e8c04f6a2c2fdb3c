/** `Features`: what can be asked for with `feature(…)`. */

import type {
  AudioEffectsFeature,
  BreakoutRoomsCallFeature,
  CallClientFeature,
  CallClientFeatureFactory,
  CallFeature,
  CallFeatureFactory,
  CallSurveyFeature,
  CapabilitiesFeature,
  CaptionsCallFeature,
  DataChannelCallFeature,
  DebugInfoFeature,
  DominantSpeakersCallFeature,
  LocalAudioStreamFeatureFactory,
  LocalStreamFeature,
  LocalVideoStreamFeatureFactory,
  MediaAccessCallFeature,
  MediaStatsCallFeature,
  OptimalVideoCountCallFeature,
  PPTLiveCallFeature,
  RaiseHandCallFeature,
  ReactionCallFeature,
  RealTimeTextFeature,
  RecordingCallFeature,
  SpotlightCallFeature,
  TeamsMeetingAudioConferencingCallFeature,
  TogetherModeCallFeature,
  TranscriptionCallFeature,
  TransferCallFeature,
  UserFacingDiagnosticsFeature,
  VideoEffectsFeature,
} from '../types/index.js';

const call = <T extends CallFeature>(name: string): CallFeatureFactory<T> => ({ name, of: 'call' });
const client = <T extends CallClientFeature>(name: string): CallClientFeatureFactory<T> => ({ name, of: 'client' });
const video = <T extends LocalStreamFeature>(name: string): LocalVideoStreamFeatureFactory<T> => ({ name, of: 'video' });
const audio = <T extends LocalStreamFeature>(name: string): LocalAudioStreamFeatureFactory<T> => ({ name, of: 'audio' });

/**
 * Entries are told apart by their names: a page may have this module twice, and with it two `Features`.
 */
export const Features = {
  AudioEffects: audio<AudioEffectsFeature>('AudioEffects'),
  BreakoutRooms: call<BreakoutRoomsCallFeature>('BreakoutRooms'),
  CallSurvey: call<CallSurveyFeature>('CallSurvey'),
  Capabilities: call<CapabilitiesFeature>('Capabilities'),
  Captions: call<CaptionsCallFeature>('Captions'),
  DataChannel: call<DataChannelCallFeature>('DataChannel'),
  DebugInfo: client<DebugInfoFeature>('DebugInfo'),
  DominantSpeakers: call<DominantSpeakersCallFeature>('DominantSpeakers'),
  MediaAccess: call<MediaAccessCallFeature>('MediaAccess'),
  MediaStats: call<MediaStatsCallFeature>('MediaStats'),
  OptimalVideoCount: call<OptimalVideoCountCallFeature>('OptimalVideoCount'),
  PPTLive: call<PPTLiveCallFeature>('PPTLive'),
  RaiseHand: call<RaiseHandCallFeature>('RaiseHand'),
  Reaction: call<ReactionCallFeature>('Reaction'),
  RealTimeText: call<RealTimeTextFeature>('RealTimeText'),
  Recording: call<RecordingCallFeature>('Recording'),
  Spotlight: call<SpotlightCallFeature>('Spotlight'),
  TeamsMeetingAudioConferencing: call<TeamsMeetingAudioConferencingCallFeature>('TeamsMeetingAudioConferencing'),
  TogetherMode: call<TogetherModeCallFeature>('TogetherMode'),
  Transcription: call<TranscriptionCallFeature>('Transcription'),
  Transfer: call<TransferCallFeature>('Transfer'),
  UserFacingDiagnostics: call<UserFacingDiagnosticsFeature>('UserFacingDiagnostics'),
  VideoEffects: video<VideoEffectsFeature>('VideoEffects'),
} as const;
