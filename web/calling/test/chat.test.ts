/** The chat of a stay: when the others hear that one writes. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { ChatLog, TYPING_EVERY_MS } from '../src/session/chat.js';
import { giveBack, pass, standIn } from './session-fakes.js';

beforeEach(standIn);
afterEach(giveBack);

/** Somebody who writes, and how often that was said. */
function writer() {
  let signs = 0;
  const chat = new ChatLog(() => {});
  const key = () => chat.sendTyping(async () => void (signs += 1));
  return { chat, key, signs: () => signs };
}

test('writing is said at once, and then now and again', async () => {
  const { key, signs } = writer();
  for (let at = 0; at < 2 * TYPING_EVERY_MS; at += 50) {
    key();
    await pass(50);
  }
  assert.equal(signs(), 3);
});

test('who begins again right after a message and then rests is said to write, too', async () => {
  const { chat, key, signs } = writer();
  key();
  await pass(100);
  chat.stopTyping();
  key();
  assert.equal(signs(), 1, 'the service would not count it yet');
  await pass(TYPING_EVERY_MS - 100);
  assert.equal(signs(), 2);
});

test('nothing is said of writing once the message is on its way', async () => {
  const { chat, key, signs } = writer();
  key();
  await pass(100);
  key();
  chat.stopTyping();
  await pass(10_000);
  assert.equal(signs(), 1);
});
