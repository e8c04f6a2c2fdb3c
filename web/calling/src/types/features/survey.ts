/** What people thought of a call, asked after it. */

import type { CallFeature } from '../feature.js';

export type OverallIssue = 'CallCannotJoin' | 'CallCannotInvite' | 'HadToRejoin' | 'CallEndedUnexpectedly' | 'OtherIssues';

export type AudioIssue =
  | 'NoLocalAudio'
  | 'NoRemoteAudio'
  | 'Echo'
  | 'AudioNoise'
  | 'LowVolume'
  | 'AudioStoppedUnexpectedly'
  | 'DistortedSpeech'
  | 'AudioInterruption'
  | 'OtherIssues';

export type VideoIssue =
  | 'NoVideoReceived'
  | 'NoVideoSent'
  | 'LowQuality'
  | 'Freezes'
  | 'StoppedUnexpectedly'
  | 'DarkVideoReceived'
  | 'AudioVideoOutOfSync'
  | 'OtherIssues';

export type ScreenshareIssue =
  | 'NoContentLocal'
  | 'NoContentRemote'
  | 'CannotPresent'
  | 'LowQuality'
  | 'Freezes'
  | 'StoppedUnexpectedly'
  | 'LargeDelay'
  | 'OtherIssues';

/** What scores mean: from 1 to 5 unless told, and 2 is still a bad one. Bounds are 0 to 100. */
export interface RatingScale {
  lowerBound: number;
  upperBound: number;
  lowScoreThreshold: number;
}

export interface CallRating<Issue extends string> {
  score: number;
  issues?: Issue[];
  scale?: RatingScale;
}

export interface CallSurvey {
  /** Has to be there. */
  overallRating?: CallRating<OverallIssue>;
  audioRating?: CallRating<AudioIssue>;
  videoRating?: CallRating<VideoIssue>;
  screenshareRating?: CallRating<ScreenshareIssue>;
}

export interface CallSurveyResponse extends CallSurvey {
  readonly id: string;
  readonly callId: string;
  readonly localParticipantId: string;
}

export interface CallSurveyFeature extends CallFeature {
  submitSurvey(survey: CallSurvey): Promise<CallSurveyResponse>;
}
