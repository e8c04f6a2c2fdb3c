/** The survey after a call. It is checked, given an id and handed back; nothing of it is sent anywhere. */

import { CommunicationError } from '../errors.js';
import type { CallRating, CallSurvey, CallSurveyFeature, CallSurveyResponse, RatingScale } from '../types/index.js';
import { Feature } from './feature.js';

const RATINGS = ['overallRating', 'audioRating', 'videoRating', 'screenshareRating'] as const;
const DEFAULT_SCALE: RatingScale = { lowerBound: 1, upperBound: 5, lowScoreThreshold: 2 };
/** All issues there are, by rating. */
const ISSUES: Record<(typeof RATINGS)[number], string> = {
  overallRating: 'CallCannotJoin CallCannotInvite HadToRejoin CallEndedUnexpectedly OtherIssues',
  audioRating:
    'NoLocalAudio NoRemoteAudio Echo AudioNoise LowVolume AudioStoppedUnexpectedly DistortedSpeech AudioInterruption OtherIssues',
  videoRating:
    'NoVideoReceived NoVideoSent LowQuality Freezes StoppedUnexpectedly DarkVideoReceived AudioVideoOutOfSync OtherIssues',
  screenshareRating:
    'NoContentLocal NoContentRemote CannotPresent LowQuality Freezes StoppedUnexpectedly LargeDelay OtherIssues',
};

/** @returns what is wrong with it, or an empty string */
export function faultOf(survey: CallSurvey): string {
  if (!survey?.overallRating) return 'overallRating is missing';
  for (const name of RATINGS) {
    const rating = survey[name];
    const fault = rating && faultOfRating(rating, ISSUES[name].split(' '));
    if (fault) return `${name}: ${fault}`;
  }
  return '';
}

function faultOfRating({ score, scale = DEFAULT_SCALE, issues = [] }: CallRating<string>, known: string[]): string {
  const { lowerBound, upperBound, lowScoreThreshold } = scale;
  if (![lowerBound, upperBound, lowScoreThreshold].every((bound) => Number.isFinite(bound) && bound >= 0 && bound <= 100)) {
    return 'the bounds of the scale are numbers from 0 to 100';
  }
  if (lowerBound >= upperBound) return 'lowerBound is less than upperBound';
  if (lowScoreThreshold < lowerBound || lowScoreThreshold > upperBound) return 'lowScoreThreshold is within the bounds';
  if (!Number.isFinite(score) || score < lowerBound || score > upperBound) return 'score is within the bounds';
  const strange = issues.find((issue) => !known.includes(issue));
  return strange === undefined ? '' : 'there is no such issue';
}

export class Survey extends Feature<Record<never, never>> implements CallSurveyFeature {
  /** @throws {CommunicationError} 400 for one with a fault, with the fault */
  async submitSurvey(survey: CallSurvey): Promise<CallSurveyResponse> {
    const fault = faultOf(survey);
    if (fault) throw new CommunicationError(`The survey has a fault: ${fault}.`, 400);
    return {
      ...structuredClone(survey),
      id: crypto.randomUUID(),
      callId: this._context.callId(),
      localParticipantId: this._context.conference.participantId,
    };
  }
}
