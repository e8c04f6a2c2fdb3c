import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { RequestRefused, SessionOver, Signaling } from '../src/session/signaling.js';
import { FakeSocket, giveBack, jwt, pass, settle, standIn } from './session-fakes.js';

beforeEach(standIn);
afterEach(giveBack);

const URL = 'wss://meet.test/signaling';

function begin(token: string | (() => Promise<string>) = 'token') {
  const signaling = new Signaling({ url: URL, token });
  const events: string[] = [];
  for (const type of ['session', 'online', 'lost']) {
    signaling.addEventListener(type, (event) => {
      const online = (event as CustomEvent).detail.online;
      events.push(online === undefined ? type : `${type} ${online}`);
    });
  }
  signaling.connect();
  return { signaling, events };
}

test('a session resumes, and requests without an answer are repeated under their old ids', async () => {
  const { signaling, events } = begin();
  const first = FakeSocket.last;
  await first.welcome();
  const answered = signaling.request('admit', { all: true });
  const waiting = signaling.request('setHand', { raised: true });
  first.says({ seq: '1', inReplyTo: 1, done: {} });
  first.says({ seq: '2', chat: { id: 'm1' } });
  assert.equal((await answered).kind, 'done');

  first.close();
  await pass(0);
  const second = FakeSocket.last;
  assert.notEqual(second, first);
  const hello = await second.open();
  assert.deepEqual(hello.resume, { resumeToken: 'secret', lastSeq: '2' });
  second.says({ welcome: { resumed: true, resumeToken: 'next' } });
  assert.deepEqual(second.sent.slice(1), [{ id: 2, setHand: { raised: true } }]);
  second.says({ seq: '3', inReplyTo: 2, done: {} });
  assert.equal((await waiting).kind, 'done');
  assert.deepEqual(events, ['online true', 'session', 'online false', 'online true']);
  signaling.close();
});

test('what is replayed twice is heard once, and in order', async () => {
  const { signaling } = begin();
  const heard: string[] = [];
  signaling.addEventListener('message', (event) => heard.push((event as CustomEvent).detail.body.id));
  await FakeSocket.last.welcome();
  for (const seq of ['1', '2', '2', '1', '3']) FakeSocket.last.says({ seq, chat: { id: seq } });
  assert.deepEqual(heard, ['1', '2', '3']);
  await pass(1_000);
  assert.deepEqual(FakeSocket.last.asked('ack').map(({ ack }) => ack.seq), ['3']);
  signaling.close();
});

test('a session that is gone begins anew: its requests end', async () => {
  const { signaling, events } = begin();
  await FakeSocket.last.welcome();
  const lost = assert.rejects(signaling.request('setHand', { raised: true }), SessionOver);
  FakeSocket.last.close();
  await pass(0);
  await FakeSocket.last.welcome({ resumed: false });
  await lost;
  assert.deepEqual(events, ['online true', 'session', 'online false', 'online true', 'session']);
  signaling.close();
});

test('a refusal ends the request only', async () => {
  const { signaling } = begin();
  await FakeSocket.last.welcome();
  const refused = signaling.request('remove', { participantIds: ['a'] });
  FakeSocket.last.says({ inReplyTo: 1, error: { key: 'not_allowed', message: 'No.', reason: 'RoleRestricted' } });
  await assert.rejects(refused, (error: RequestRefused) => error.key === 'not_allowed' && error.reason === 'RoleRestricted');
  assert.ok(signaling.online);
  signaling.close();
});

test('every connection asks for a token, and a fresh one is passed on before the old one expires', async () => {
  const tokens: string[] = [];
  const { signaling } = begin(async () => {
    const token = jwt({ exp: Date.now() / 1_000 + 3_600, n: tokens.length });
    tokens.push(token);
    return token;
  });
  await FakeSocket.last.welcome();
  assert.equal(FakeSocket.last.sent[0]!.hello.token, tokens[0]);
  // Kept alive meanwhile.
  const until = Date.now() + 57 * 60_000;
  while (Date.now() < until) {
    await pass(10_000);
    FakeSocket.last.says({ pong: {} });
  }
  await settle();
  assert.deepEqual(FakeSocket.last.asked('refreshToken').map(({ refreshToken }) => refreshToken.token), [tokens[1]]);
  // A service that does not know of it answers with an error, which changes nothing.
  FakeSocket.last.answers('refreshToken', { error: { key: 'malformed' } });
  await settle();
  assert.ok(signaling.online);

  FakeSocket.last.close();
  await pass(0);
  assert.equal((await FakeSocket.last.open()).token, tokens[2]);
  signaling.close();
});

test('a credential that gives the old token until it has expired is asked again right after', async () => {
  const first = jwt({ exp: Date.now() / 1_000 + 600 });
  const second = jwt({ exp: Date.now() / 1_000 + 7_200 });
  const end = Date.now() + 600_000;
  const { signaling } = begin(async () => (Date.now() < end ? first : second));
  await FakeSocket.last.welcome();
  const alive = async (until: number) => {
    while (Date.now() < until) {
      await pass(1_000);
      FakeSocket.last.says({ pong: {} });
      await settle();
    }
  };
  await alive(end - 1_000);
  assert.deepEqual(FakeSocket.last.asked('refreshToken'), []);
  await alive(end + 2_000);
  assert.deepEqual(FakeSocket.last.asked('refreshToken').map(({ refreshToken }) => refreshToken.token), [second]);
  signaling.close();
});

test('without a token there is another attempt', async () => {
  let failures = 1;
  const { signaling } = begin(async () => {
    if (failures-- > 0) throw new Error('offline');
    return 'token';
  });
  const first = FakeSocket.last;
  first.readyState = FakeSocket.OPEN;
  first.dispatchEvent(new Event('open'));
  await settle();
  assert.deepEqual(first.sent, []);
  await pass(0);
  assert.notEqual(FakeSocket.last, first);
  assert.equal((await FakeSocket.last.open()).token, 'token');
  signaling.close();
});

test('a page that is back connects at once, and asks a silent connection for a sign of life', async () => {
  const page = new EventTarget();
  Object.assign(globalThis, { window: page });
  try {
    const { signaling } = begin();
    await FakeSocket.last.welcome();
    const first = FakeSocket.last;
    await pass(5_000);
    page.dispatchEvent(new Event('online'));
    assert.equal(first.asked('ping').length, 1);
    await pass(3_000);
    assert.equal(first.readyState, 3, 'no sign of life');
    // Some attempts fail; the pause before the next one grows.
    for (let attempt = 0; attempt < 4; attempt += 1) {
      await pass(4_000);
      FakeSocket.last.close();
    }
    const before = FakeSocket.all.length;
    page.dispatchEvent(new Event('online'));
    assert.equal(FakeSocket.all.length, before + 1);
    signaling.close();
  } finally {
    delete (globalThis as { window?: unknown }).window;
  }
});

test('a service that cannot be reached any more is given up after the time it keeps sessions', async () => {
  const { events } = begin();
  await FakeSocket.last.welcome();
  FakeSocket.last.close();
  const start = Date.now();
  while (!events.includes('lost') && Date.now() - start < 120_000) {
    await pass(1_000);
    if (FakeSocket.last.readyState === 0) FakeSocket.last.close();
  }
  const took = Date.now() - start;
  assert.ok(took >= 60_000 && took < 70_000, `${took} ms`);
});
