import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Survey, faultOf } from '../src/features/survey.js';
import type { CallSurvey } from '../src/types/index.js';
import { FakeConference, contextOf } from './surface-fakes.js';

const scale = { lowerBound: 0, upperBound: 1, lowScoreThreshold: 0 };

test('surveys without a fault', () => {
  assert.equal(faultOf({ overallRating: { score: 5 } }), '');
  assert.equal(faultOf({ overallRating: { score: 1, scale, issues: ['HadToRejoin'] } }), '');
  assert.equal(faultOf({ overallRating: { score: 3 }, videoRating: { score: 3, issues: ['Freezes'] } }), '');
});

test('surveys with a fault', () => {
  const faulty: unknown[] = [
    {},
    null,
    { audioRating: { score: 3 } },
    { overallRating: { score: 0 } },
    { overallRating: { score: 6 } },
    { overallRating: { score: Number.NaN } },
    { overallRating: { score: 2, scale } },
    { overallRating: { score: 1, scale: { ...scale, lowerBound: -1 } } },
    { overallRating: { score: 1, scale: { ...scale, upperBound: 101 } } },
    { overallRating: { score: 1, scale: { lowerBound: 2, upperBound: 1, lowScoreThreshold: 1 } } },
    { overallRating: { score: 1, scale: { ...scale, lowScoreThreshold: 2 } } },
    { overallRating: { score: 1, issues: ['Echo'] } },
    { overallRating: { score: 3 }, screenshareRating: { score: 9 } },
  ];
  for (const survey of faulty) assert.notEqual(faultOf(survey as CallSurvey), '', JSON.stringify(survey));
});

test('an answer has ids, and is a copy', async () => {
  const feature = new Survey('CallSurvey', contextOf(new FakeConference()));
  const survey: CallSurvey = { overallRating: { score: 4, issues: ['OtherIssues'] } };
  const answer = await feature.submitSurvey(survey);
  assert.equal(answer.callId, 'call');
  assert.equal(answer.localParticipantId, 'me');
  assert.match(answer.id, /^[\da-f-]{36}$/);
  assert.notEqual(answer.overallRating, survey.overallRating);
  await assert.rejects(feature.submitSurvey({}), { code: 400 });
});
