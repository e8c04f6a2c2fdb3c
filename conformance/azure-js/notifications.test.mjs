/**
 * @azure/communication-chat in Chromium: everything that startRealtimeNotifications() promises, over WebSocket and over
 * polling, and through what happens to connections.
 */

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { cable, startService } from '../lib/service.mjs';
import { openBrowser } from './lib/listener.mjs';
import { tests } from './lib/results.mjs';
import { Sdk } from './lib/sdk.mjs';

const test = tests(import.meta.url);
/** Everything that has been trouble on the way: signs of percent-encoding, more than one UTF-16 unit, quotes. */
const ODD = '100% %41 %u0041 – "ž" \\ 🐎';

let service;
let sdk;
let wire;
let browser;

before(async () => {
  service = await startService();
  sdk = new Sdk(service.dev);
  wire = await cable(service.dev.endpoint);
  browser = await openBrowser(wire.chromium);
});

after(async () => {
  await browser?.close();
  await wire?.close();
  await service?.stop();
});

const listen = (person, options = {}) => browser.listener({ endpoint: sdk.endpoint, service: sdk, token: () => person.token, ...options });
const user = (person) => ({ kind: 'communicationUser', communicationUserId: person.id });
const recent = (time) => assert.ok(Math.abs(new Date(time) - Date.now()) < 60_000, `${time} is about now`);

/** Two people in a thread, the second listening. */
async function pair(options) {
  const [ann, ben] = await Promise.all([sdk.user(), sdk.user()]);
  const listener = await listen(ben, options);
  const { chatThread } = await ann.chat.createChatThread({ topic: 'Talk' }, { participants: [{ id: ben.user, displayName: 'Ben' }] });
  await listener.event('chatThreadCreated');
  return { ann, ben, listener, id: chatThread.id, say: (content) => ann.thread(chatThread.id).sendMessage({ content }) };
}

const messages = (listener) => listener.heard.filter(({ name }) => name === 'chatMessageReceived').map(({ event }) => event.message);

for (const polling of [false, true]) {
  test(`all ten events with all their fields, ${polling ? 'polling' : 'WebSocket'}`, async () => {
    const [ann, ben, cleo] = await Promise.all([sdk.user(), sdk.user(), sdk.user()]);
    const [anns, bens] = await Promise.all([listen(ann, { polling }), listen(ben, { polling })]);
    const both = [[anns, ann], [bens, ben]];

    const { chatThread } = await ann.chat.createChatThread(
      { topic: ODD },
      {
        participants: [{ id: ann.user, displayName: 'Ann' }, { id: ben.user, displayName: `Ben ${ODD}` }],
        metadata: { key: ODD },
        retentionPolicy: { kind: 'threadCreationDate', deleteThreadAfterDays: 40 },
      },
    );
    const threadId = chatThread.id;
    const thread = ann.thread(threadId);
    for (const [listener] of both) {
      const event = await listener.event('chatThreadCreated');
      assert.equal(event.threadId, threadId);
      assert.deepEqual(event.createdBy.id, user(ann));
      assert.equal(event.properties.topic, ODD);
      assert.deepEqual(event.properties.metadata, { key: ODD });
      assert.deepEqual(event.retentionPolicy, { kind: 'threadCreationDate', deleteThreadAfterDays: 40 });
      assert.deepEqual(new Map(event.participants.map(({ id, displayName }) => [id.communicationUserId, displayName])).get(ben.id), `Ben ${ODD}`);
      assert.equal(event.participants.length, 2);
      assert.equal(+new Date(event.createdOn) - (+new Date(event.createdOn) % 1000), +chatThread.createdOn - (+chatThread.createdOn % 1000));
      assert.match(event.version, /^\d+$/);
    }

    const sent = await thread.sendMessage({ content: ODD }, { senderDisplayName: `Ann ${ODD}`, metadata: { key: ODD } });
    for (const [listener, recipient] of both) {
      const event = await listener.event('chatMessageReceived', ({ id }) => id === sent.id);
      assert.deepEqual([event.threadId, event.message, event.senderDisplayName, event.type], [threadId, ODD, `Ann ${ODD}`, 'Text']);
      assert.deepEqual([event.sender, event.recipient], [user(ann), user(recipient)]);
      assert.deepEqual([event.metadata, event.version], [{ key: ODD }, sent.id]);
      recent(event.createdOn);
    }
    const html = await thread.sendMessage({ content: '<b>bold</b>' }, { type: 'html' });
    const bold = await bens.event('chatMessageReceived', ({ id }) => id === html.id);
    assert.deepEqual([bold.type, bold.message, bold.senderDisplayName, bold.metadata], ['RichText/Html', '<b>bold</b>', '', {}]);

    await thread.updateMessage(sent.id, { content: `${ODD}!`, metadata: { key: 'new' } });
    for (const [listener, recipient] of both) {
      const event = await listener.event('chatMessageEdited');
      assert.deepEqual([event.threadId, event.id, event.message, event.type], [threadId, sent.id, `${ODD}!`, 'Text']);
      assert.deepEqual([event.sender, event.recipient, event.metadata], [user(ann), user(recipient), { key: 'new' }]);
      assert.ok(Number(event.version) > Number(sent.id));
      recent(event.createdOn);
      recent(event.editedOn);
    }

    await thread.deleteMessage(sent.id);
    for (const [listener, recipient] of both) {
      const event = await listener.event('chatMessageDeleted');
      assert.deepEqual([event.threadId, event.id, event.sender, event.recipient], [threadId, sent.id, user(ann), user(recipient)]);
      recent(event.createdOn);
      recent(event.deletedOn);
    }

    await thread.sendTypingNotification({ senderDisplayName: `Ann ${ODD}` });
    const typing = await bens.event('typingIndicatorReceived');
    assert.deepEqual([typing.threadId, typing.sender, typing.recipient], [threadId, user(ann), user(ben)]);
    assert.equal(typing.senderDisplayName, `Ann ${ODD}`);
    recent(typing.receivedOn);

    await ben.thread(threadId).sendReadReceipt({ chatMessageId: html.id });
    const receipt = await anns.event('readReceiptReceived');
    assert.deepEqual([receipt.threadId, receipt.chatMessageId, receipt.sender, receipt.recipient], [threadId, html.id, user(ben), user(ann)]);
    recent(receipt.readOn);

    await thread.updateProperties({ topic: `${ODD}?`, metadata: { other: '1' }, retentionPolicy: { kind: 'none' } });
    for (const [listener] of both) {
      const event = await listener.event('chatThreadPropertiesUpdated');
      assert.deepEqual([event.threadId, event.properties.topic], [threadId, `${ODD}?`]);
      assert.deepEqual(event.properties.metadata, { key: ODD, other: '1' });
      assert.deepEqual(event.retentionPolicy?.kind ?? 'none', 'none');
      assert.deepEqual(event.updatedBy.id, user(ann));
      recent(event.updatedOn);
    }

    const shareHistoryTime = new Date('1970-01-01T00:00:00Z');
    await thread.addParticipants({ participants: [{ id: cleo.user, displayName: `Cleo ${ODD}`, shareHistoryTime, metadata: { desk: '7' } }] });
    for (const [listener] of both) {
      const event = await listener.event('participantsAdded');
      assert.deepEqual([event.threadId, event.addedBy.id], [threadId, user(ann)]);
      const [added, ...none] = event.participantsAdded;
      assert.deepEqual([added.id, added.displayName, added.metadata, none.length], [user(cleo), `Cleo ${ODD}`, { desk: '7' }, 0]);
      assert.equal(+new Date(added.shareHistoryTime), +shareHistoryTime);
      recent(event.addedOn);
    }

    await thread.removeParticipant(cleo.user);
    for (const [listener] of both) {
      const event = await listener.event('participantsRemoved');
      assert.deepEqual([event.threadId, event.removedBy.id], [threadId, user(ann)]);
      assert.deepEqual(event.participantsRemoved.map(({ id }) => id), [user(cleo)]);
      recent(event.removedOn);
    }

    await ann.chat.deleteChatThread(threadId);
    for (const [listener] of both) {
      const event = await listener.event('chatThreadDeleted');
      assert.deepEqual([event.threadId, event.deletedBy.id, event.reason], [threadId, user(ann), 'deletedByUser']);
      recent(event.deletedOn);
    }

    for (const [listener] of both) {
      for (const name of ['chatThreadCreated', 'chatMessageEdited', 'chatMessageDeleted', 'chatThreadPropertiesUpdated', 'participantsAdded', 'participantsRemoved', 'chatThreadDeleted']) {
        assert.equal(listener.count(name), 1, `${name} once`);
      }
      assert.equal(listener.count('chatMessageReceived'), 2, 'messages of the system are none of these');
      assert.equal(listener.count('realTimeNotificationDisconnected'), 0);
      if (polling) {
        assert.deepEqual(listener.frames, []);
      } else {
        // 404 would be the only sign of an event that the client could not read.
        assert.ok(listener.answers().length >= 9);
        assert.deepEqual(listener.answers().filter((status) => status !== 200), []);
      }
    }
    await Promise.all([anns.close(), bens.close()]);
  });
}

for (const polling of [false, true]) {
  test(`stop and start again, ${polling ? 'polling' : 'WebSocket'}`, async () => {
    const { listener, say } = await pair({ polling });
    await say('one');
    await listener.event('chatMessageReceived', ({ message }) => message === 'one');
    await listener.stop();
    await listener.until(
      () => listener.requests.some(({ method, status }) => method === 'DELETE' && status >= 200 && status < 300),
      'the registration is taken back',
    );
    assert.equal(listener.count('realTimeNotificationDisconnected'), 0);
    await listener.again();
    await listener.until(() => listener.count('realTimeNotificationConnected') === 2, 'connected again');
    await say('two');
    await listener.event('chatMessageReceived', ({ message }) => message === 'two');
    assert.deepEqual(messages(listener), ['one', 'two']);
    await listener.close();
  });
}

test('somebody who was removed hears of it, and of nothing after', async () => {
  const { ann, ben, listener, id, say } = await pair();
  await ann.thread(id).removeParticipant(ben.user);
  const event = await listener.event('participantsRemoved');
  assert.deepEqual(event.participantsRemoved.map((one) => one.id), [user(ben)]);
  await say('behind their back');
  await ann.thread(id).addParticipants({ participants: [{ id: ben.user }] });
  await listener.event('participantsAdded');
  await say('welcome back');
  await listener.event('chatMessageReceived', ({ message }) => message === 'welcome back');
  assert.deepEqual(messages(listener), ['welcome back']);
  await listener.close();
});

test('every window of a user hears everything once', async () => {
  const { ben, listener, say } = await pair();
  const second = await listen(ben);
  await say('to both');
  await say('again');
  for (const one of [listener, second]) {
    await one.event('chatMessageReceived', ({ message }) => message === 'again');
    assert.deepEqual(messages(one), ['to both', 'again']);
  }
  await Promise.all([listener.close(), second.close()]);
});

test('an endpoint with a trailing slash', async () => {
  const { listener, say } = await pair({ endpoint: `${sdk.endpoint}/` });
  assert.ok(listener.requests.some(({ target, status }) => target.startsWith('//chat/config/') && status === 200));
  await say('hello');
  await listener.event('chatMessageReceived', ({ message }) => message === 'hello');
  await listener.close();
});

for (const polling of [false, true]) {
  test(`a connection that is cut loses nothing and repeats nothing, ${polling ? 'polling' : 'WebSocket'}`, async () => {
    const { listener, say } = await pair({ polling });
    const said = [];
    for (let round = 0; round < 3; round += 1) {
      const text = `before cut ${round}`;
      await say(text);
      said.push(text);
      await listener.event('chatMessageReceived', ({ message }) => message === text);
      await listener.settled();
      wire.cut();
      await listener.until(() => listener.count('realTimeNotificationDisconnected') === round + 1, 'disconnected');
      for (let number = 0; number < 3; number += 1) {
        said.push(`${round}.${number} while cut`);
        await say(said.at(-1));
      }
      wire.mend();
      await listener.until(() => listener.count('realTimeNotificationConnected') === round + 2, 'connected again');
      said.push(`after ${round}`);
      await say(said.at(-1));
      await listener.event('chatMessageReceived', ({ message }) => message === said.at(-1));
    }
    assert.deepEqual(messages(listener), said);
    await listener.close();
  });
}

test('a socket that the emulator drops', async () => {
  const { ben, listener, say } = await pair();
  await say('before');
  await listener.event('chatMessageReceived', ({ message }) => message === 'before');
  await listener.settled();
  await sdk.signed('POST', '/emulator/sockets/:drop', { user: ben.id });
  await listener.until(() => listener.count('realTimeNotificationConnected') === 2, 'connected again');
  await sdk.signed('POST', '/emulator/rules', { count: 1, fault: { kind: 'dropSocket' } });
  await say('cut instead of sent, then sent');
  await listener.until(() => listener.count('realTimeNotificationConnected') === 3, 'connected again');
  await say('after');
  await listener.event('chatMessageReceived', ({ message }) => message === 'after');
  assert.deepEqual(messages(listener), ['before', 'cut instead of sent, then sent', 'after']);
  await listener.close();
});

test('a token that ends: the client is asked to come back with a new one', async () => {
  const ann = await sdk.user();
  const [ben, cleo] = await Promise.all([sdk.user(), sdk.user()]);
  const identity = sdk.identity();
  const fresh = async (person) => (await identity.getToken(person.user, ['chat'], { tokenExpiresInMinutes: 60 })).token;
  const first = await fresh(cleo);
  const renews = await listen(ben, { token: () => fresh(ben) });
  const never = await listen(cleo, { token: () => first });
  const participants = [{ id: ben.user }, { id: cleo.user }];
  const { chatThread } = await ann.chat.createChatThread({ topic: 'Long' }, { participants });
  const say = (content) => ann.thread(chatThread.id).sendMessage({ content });
  try {
    await say('one');
    for (const one of [renews, never]) await one.event('chatMessageReceived', ({ message }) => message === 'one');
    await sdk.signed('POST', '/emulator/clock/:step', { seconds: 3700 });
    // The second connection is there before the first one goes.
    await renews.until(() => renews.count('realTimeNotificationConnected') === 2, 'connected with a new token');
    assert.equal(renews.count('realTimeNotificationDisconnected'), 0);
    await say('two');
    await renews.event('chatMessageReceived', ({ message }) => message === 'two');
    // The other one gives up when its old token has been refused often enough, and says so on the wire only.
    await never.until(() => never.frames.some(({ direction, text }) => direction === 'out' && text === '0::'), 'given up');
    await say('three');
    await renews.event('chatMessageReceived', ({ message }) => message === 'three');
    assert.deepEqual(messages(renews), ['one', 'two', 'three']);
    assert.ok(!messages(never).includes('three'));
    assert.ok(never.requests.some(({ target, status }) => target.startsWith('/v4/a') && status === 401));
  } finally {
    await sdk.signed('DELETE', '/emulator/clock');
  }
  await Promise.all([renews.close(), never.close()]);
});

test('tokens that are revoked end what they opened', async () => {
  const { ben, listener, say } = await pair();
  await say('before');
  await listener.event('chatMessageReceived', ({ message }) => message === 'before');
  await sdk.identity().revokeTokens(ben.user);
  await listener.event('realTimeNotificationDisconnected');
  await say('after');
  await listener.until(() => listener.requests.some(({ target, status }) => target.startsWith('/v4/a') && status === 401), 'refused');
  assert.deepEqual(messages(listener), ['before']);
  await listener.close();
});

test('a restart of the service', async () => {
  const { listener, say } = await pair();
  await say('before');
  await listener.event('chatMessageReceived', ({ message }) => message === 'before');
  const start = await service.crash();
  await listener.until(() => listener.count('realTimeNotificationDisconnected') === 1, 'disconnected');
  await start();
  await listener.until(() => listener.count('realTimeNotificationConnected') === 2, 'connected again');
  await say('after');
  await listener.event('chatMessageReceived', ({ message }) => message === 'after');
  assert.deepEqual(messages(listener), ['before', 'after']);
  await listener.close();
});
