/** The media connection: when offers are made. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Media } from '../src/session/media.js';
import { FakeConnection, giveBack, pass, settle, standIn } from './session-fakes.js';

beforeEach(standIn);
afterEach(giveBack);

/** A connection that receives as many pictures as it is told, and how often it was negotiated. */
function connection() {
  let offers = 0;
  const media = new Media({
    offer: async () => {
      offers += 1;
      return { sdp: 'v=0' };
    },
    confirm() {},
  });
  const receive = async (count: number) => {
    media.receive(Array.from({ length: count }, (_, at) => ({ id: `t${at}`, kind: 'video' as const })));
    await settle();
  };
  return { media, receive, offers: () => offers };
}

test('a connection of few sections is negotiated as often as something changes', async () => {
  const { media, receive, offers } = connection();
  for (let count = 1; count <= 16; count += 1) await receive(count);
  assert.equal(offers(), 16);
  media.close();
});

test('one of many sections rests in between, and then makes one offer of all that has changed', async () => {
  const { media, receive, offers } = connection();
  await receive(26);
  assert.equal(offers(), 1);
  for (const count of [25, 24, 26]) await receive(count);
  assert.equal(offers(), 1);
  await pass(79);
  assert.equal(offers(), 1, 'ten sections too many are a rest of 80 ms');
  await pass(1);
  assert.equal(offers(), 2);
  await pass(1_000);
  await receive(20);
  assert.equal(offers(), 3, 'who has rested long enough does it at once');
  await receive(26);
  media.close();
  await pass(1_000);
  assert.equal(offers(), 3, 'and no more once it is closed');
  assert.equal(FakeConnection.all.length, 1);
});
