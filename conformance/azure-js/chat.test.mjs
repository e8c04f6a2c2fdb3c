/** @azure/communication-chat in Node: every REST operation, and how it is refused. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';

import { startService } from '../lib/service.mjs';
import { tests } from './lib/results.mjs';
import { all, pages, refused, Sdk } from './lib/sdk.mjs';

const test = tests(import.meta.url);
const HOUR = 3600_000;
let service;
let sdk;

before(async () => {
  service = await startService();
  sdk = new Sdk(service.dev);
});
after(() => service?.stop());

const people = (count) => Promise.all(Array.from({ length: count }, () => sdk.user()));
const texts = (messages) => messages.filter(({ type }) => type === 'text' || type === 'html').map(({ content }) => content?.message);
const ids = (members) => members.map(({ id }) => id.communicationUserId).sort();

async function threadOf(person, ...others) {
  const participants = others.map(({ user }) => ({ id: user, displayName: 'Guest' }));
  const { chatThread, invalidParticipants } = await person.chat.createChatThread({ topic: 'Mortgage' }, { participants });
  assert.ok(!invalidParticipants?.length);
  return chatThread;
}

test('create, get and list threads', async () => {
  const [ann, ben] = await people(2);
  const made = await threadOf(ann, ben);
  assert.match(made.id, /^19:[A-Za-z0-9_-]+@thread\.v2$/);
  assert.equal(made.createdBy.kind, 'communicationUser');
  assert.equal(made.createdBy.communicationUserId, ann.id);
  assert.ok(Math.abs(made.createdOn - Date.now()) < 60_000);
  for (const person of [ann, ben]) {
    const seen = await person.thread(made.id).getProperties();
    assert.deepEqual([seen.id, seen.topic, +seen.createdOn], [made.id, 'Mortgage', +made.createdOn]);
    assert.deepEqual((await all(person.chat.listChatThreads())).map(({ id, topic }) => [id, topic]), [[made.id, 'Mortgage']]);
  }
});

test('the same request twice makes one thread', async () => {
  const [ann] = await people(1);
  const idempotencyToken = randomUUID();
  const first = await ann.chat.createChatThread({ topic: 'Once' }, { idempotencyToken });
  const again = await ann.chat.createChatThread({ topic: 'Once' }, { idempotencyToken });
  assert.equal(again.chatThread.id, first.chatThread.id);
  assert.equal((await all(ann.chat.listChatThreads())).length, 1);
});

test('metadata and retention of a thread', async () => {
  const [ann] = await people(1);
  const { chatThread } = await ann.chat.createChatThread(
    { topic: 'Kept' },
    { metadata: { a: '1', b: '2' }, retentionPolicy: { kind: 'threadCreationDate', deleteThreadAfterDays: 40 } },
  );
  const thread = ann.thread(chatThread.id);
  for (const seen of [chatThread, await thread.getProperties()]) {
    assert.deepEqual(seen.metadata, { a: '1', b: '2' });
    assert.deepEqual(seen.retentionPolicy, { kind: 'threadCreationDate', deleteThreadAfterDays: 40 });
  }
  // Key by key: what is not named stays.
  await thread.updateProperties({ metadata: { b: '3', c: '🐎' } });
  assert.deepEqual((await thread.getProperties()).metadata, { a: '1', b: '3', c: '🐎' });
  assert.equal((await thread.getProperties()).topic, 'Kept');
  await thread.updateProperties({ topic: 'Still kept', retentionPolicy: { kind: 'none' } });
  const seen = await thread.getProperties();
  assert.equal(seen.topic, 'Still kept');
  assert.equal(seen.retentionPolicy?.kind ?? 'none', 'none');
  for (const deleteThreadAfterDays of [29, 91]) {
    const retentionPolicy = { kind: 'threadCreationDate', deleteThreadAfterDays };
    await refused(400, 'BadRequest', () => thread.updateProperties({ retentionPolicy }));
    await refused(400, 'BadRequest', () => ann.chat.createChatThread({ topic: 'no' }, { retentionPolicy }));
  }
  await refused(400, 'BadRequest', () => thread.updateProperties({ metadata: { big: 'x'.repeat(2000) } }));
});

test('update and delete a thread', async () => {
  const [ann, ben] = await people(2);
  const { id } = await threadOf(ann, ben);
  await ann.thread(id).updateTopic('Ünïcode 🐎 100%');
  assert.equal((await ben.thread(id).getProperties()).topic, 'Ünïcode 🐎 100%');
  await refused(400, 'BadRequest', () => ann.thread(id).updateTopic(''));
  await ann.chat.deleteChatThread(id);
  await ann.chat.deleteChatThread(id);
  await refused(404, 'NotFound', () => ben.thread(id).getProperties());
});

test('send, get, list, edit and delete messages', async () => {
  const [ann, ben] = await people(2);
  const { id } = await threadOf(ann, ben);
  const thread = ann.thread(id);
  const sent = await thread.sendMessage({ content: 'Grüße 🐎' }, { senderDisplayName: 'Ann', metadata: { a: '1' } });
  const seen = await ben.thread(id).getMessage(sent.id);
  assert.deepEqual(
    [seen.id, seen.type, seen.content.message, seen.senderDisplayName, seen.sender.communicationUserId, seen.sequenceId, seen.version],
    [sent.id, 'text', 'Grüße 🐎', 'Ann', ann.id, '3', sent.id],
  );
  assert.deepEqual(seen.metadata, { a: '1' });
  assert.ok(Math.abs(seen.createdOn - Number(sent.id)) < 2000);
  const html = await thread.sendMessage({ content: '<b>bold</b><script>alert(1)</script>' }, { type: 'html' });
  assert.equal((await thread.getMessage(html.id)).content.message, '<b>bold</b>');
  assert.deepEqual(texts(await all(ben.thread(id).listMessages())), ['<b>bold</b>', 'Grüße 🐎']);

  await thread.updateMessage(sent.id, { content: 'Gruß', metadata: { a: '2' } });
  const edited = await thread.getMessage(sent.id);
  assert.deepEqual([edited.content.message, edited.metadata], ['Gruß', { a: '2' }]);
  assert.ok(edited.editedOn && Number(edited.version) > Number(sent.id));
  await refused(403, 'Forbidden', () => ben.thread(id).updateMessage(sent.id, { content: 'mine' }));
  await refused(403, 'Forbidden', () => ben.thread(id).deleteMessage(sent.id));

  await thread.deleteMessage(sent.id);
  const gone = (await all(thread.listMessages())).find((message) => message.id === sent.id);
  assert.ok(gone.deletedOn && !gone.content?.message);
  await refused(404, 'NotFound', () => thread.getMessage('1'));
  await refused(413, 'RequestEntityTooLarge', () => thread.sendMessage({ content: 'x'.repeat(40_000) }));
});

test('a new thread tells how it came to be', async () => {
  const [ann, ben] = await people(2);
  const { id } = await threadOf(ann, ben);
  const [topic, added] = await all(ann.thread(id).listMessages());
  assert.deepEqual([topic.type, topic.content.topic, topic.sequenceId], ['topicUpdated', 'Mortgage', '2']);
  assert.deepEqual([added.type, added.sequenceId], ['participantAdded', '1']);
  assert.deepEqual(ids(added.content.participants), [ann.id, ben.id].sort());
  assert.equal(added.content.initiator.communicationUserId, ann.id);
});

test('paging, in the encoding of this client', async () => {
  const group = await people(3);
  const [ann] = group;
  const { id } = await threadOf(...group);
  const thread = ann.thread(id);
  const said = Array.from({ length: 5 }, (_, number) => `message ${number}`);
  for (const content of said) await thread.sendMessage({ content });
  const startTime = new Date(Date.now() - HOUR);
  for (const maxPageSize of [1, 2, 200]) {
    const found = await pages(thread.listMessages({ maxPageSize, startTime }));
    assert.ok(found.every((page) => page.length <= maxPageSize));
    assert.deepEqual(texts(found.flat()), said.toReversed());
  }
  assert.deepEqual(await all(thread.listMessages({ startTime: new Date(Date.now() + HOUR) })), []);

  for (const { thread: of } of group) await of(id).sendReadReceipt({ chatMessageId: (await all(thread.listMessages()))[0].id });
  const members = await pages(thread.listParticipants({ maxPageSize: 2 }));
  assert.deepEqual(members.map((page) => page.length).filter(Boolean), [2, 1]);
  assert.deepEqual(ids(members.flat()), group.map((person) => person.id).sort());
  const receipts = await pages(thread.listReadReceipts({ maxPageSize: 2 }));
  assert.deepEqual(receipts.map((page) => page.length).filter(Boolean), [2, 1]);
  assert.equal((await all(thread.listParticipants({ skip: 2 }))).length, 1);
  assert.equal((await all(thread.listReadReceipts({ skip: 2 }))).length, 1);

  for (let number = 0; number < 4; number += 1) await ann.chat.createChatThread({ topic: `Thread ${number}` });
  const threads = await pages(ann.chat.listChatThreads({ maxPageSize: 2, startTime }));
  assert.deepEqual(threads.map((page) => page.length).filter(Boolean), [2, 2, 1]);
  assert.equal(new Set(threads.flat().map((item) => item.id)).size, 5);
});

test('add and remove participants', async () => {
  const [ann, ben, cleo] = await people(3);
  const { id } = await threadOf(ann);
  const thread = ann.thread(id);
  const shareHistoryTime = new Date(Date.now() + 5000);
  const { invalidParticipants } = await thread.addParticipants({
    participants: [{ id: ben.user, displayName: 'Ben', shareHistoryTime, metadata: { desk: '7' } }, { id: cleo.user }],
  });
  assert.ok(!invalidParticipants?.length);
  const members = await all(thread.listParticipants());
  assert.deepEqual(ids(members), [ann.id, ben.id, cleo.id].sort());
  const seen = members.find((member) => member.id.communicationUserId === ben.id);
  assert.deepEqual([seen.displayName, seen.metadata], ['Ben', { desk: '7' }]);
  assert.ok(Math.abs(seen.shareHistoryTime - shareHistoryTime) <= 1000);
  assert.deepEqual(await all(ben.thread(id).listMessages()).then(texts), []);

  const unknown = { communicationUserId: `${ben.id.split('_')[0]}_00000000-0000-0000-0000-00000000dead` };
  const partly = await thread.addParticipants({ participants: [{ id: unknown }] });
  assert.deepEqual(partly.invalidParticipants.map(({ code, target }) => [code, target]), [['404', unknown.communicationUserId]]);

  await thread.removeParticipant(ben.user);
  assert.deepEqual(ids(await all(thread.listParticipants())), [ann.id, cleo.id].sort());
  await refused(403, 'Forbidden', () => ben.thread(id).sendMessage({ content: 'still here?' }));
});

test('typing and read receipts', async () => {
  const [ann, ben] = await people(2);
  const { id } = await threadOf(ann, ben);
  assert.equal(await ann.thread(id).sendTypingNotification({ senderDisplayName: 'Ann' }), true);
  const first = await ann.thread(id).sendMessage({ content: 'one' });
  const second = await ann.thread(id).sendMessage({ content: 'two' });
  for (const [person, { id: chatMessageId }] of [[ben, first], [ben, second], [ann, second]]) {
    await person.thread(id).sendReadReceipt({ chatMessageId });
  }
  const receipts = await all(ann.thread(id).listReadReceipts());
  assert.deepEqual(
    receipts.map(({ sender, chatMessageId }) => [sender.communicationUserId, chatMessageId]).sort(),
    [[ann.id, second.id], [ben.id, second.id]].sort(),
  );
  assert.ok(receipts.every(({ readOn }) => Math.abs(readOn - Date.now()) < 60_000));
  await refused(404, 'NotFound', () => ann.thread(id).sendReadReceipt({ chatMessageId: '1' }));
});

test('an outsider is kept out', async () => {
  const [ann, eve] = await people(2);
  const { id } = await threadOf(ann);
  const message = await ann.thread(id).sendMessage({ content: 'between us' });
  const thread = eve.thread(id);
  for (const call of [
    () => thread.getProperties(),
    () => thread.updateTopic('mine'),
    () => thread.sendMessage({ content: 'hello' }),
    () => thread.getMessage(message.id),
    () => all(thread.listMessages()),
    () => thread.updateMessage(message.id, { content: 'mine' }),
    () => thread.deleteMessage(message.id),
    () => all(thread.listParticipants()),
    () => thread.addParticipants({ participants: [{ id: eve.user }] }),
    () => thread.removeParticipant(ann.user),
    () => thread.sendTypingNotification(),
    () => thread.sendReadReceipt({ chatMessageId: message.id }),
    () => all(thread.listReadReceipts()),
    () => eve.chat.deleteChatThread(id),
  ]) {
    await refused(403, 'Forbidden', call);
  }
  assert.deepEqual(await all(eve.chat.listChatThreads()), []);
});

test('tokens that are no good', async () => {
  const [ann] = await people(1);
  await refused(401, 'Unauthorized', () => all(sdk.chat(`${ann.token.slice(0, -8)}AAAAAAAA`).listChatThreads()));
  const voip = await sdk.user(['voip']);
  await refused(403, 'Forbidden', () => all(voip.chat.listChatThreads()));
  await refused(403, 'Forbidden', () => voip.chat.createChatThread({ topic: 'no' }));
});

test('every released version', async () => {
  const [ann] = await people(1);
  for (const apiVersion of ['2021-03-07', '2021-09-07', '2023-11-07', '2024-03-07']) {
    const { chatThread } = await sdk.chat(ann.token, { apiVersion }).createChatThread({ topic: 'Versions' });
    assert.ok(chatThread.id);
  }
});
