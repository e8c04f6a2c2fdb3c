/** @microsoft/microsoft-graph-client in Node: every operation, and how it is refused. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before } from 'node:test';

import { BatchRequestContent, BatchResponseContent, PageIterator } from '@microsoft/microsoft-graph-client';

import { tests } from '../lib/results.mjs';
import { ownEnvironment, startService } from '../lib/service.mjs';
import { refused, Sdk } from './lib/sdk.mjs';

const test = tests(import.meta.url);
const ALICE = 'alice@contoso.example';
const BOB = 'bob@contoso.example';
const TIMES = { startDateTime: '2026-12-01T09:00:00Z', endDateTime: '2026-12-01T09:30:00Z' };
let service;
let sdk;
let alice;
let bob;
let app;

before(async () => {
  service = await startService();
  sdk = new Sdk(service.dev);
  [alice, bob, app] = [await sdk.user(ALICE), await sdk.user(BOB), sdk.app()];
});
after(() => service?.stop());

test('users', async () => {
  const me = await alice.api('/me').get();
  assert.equal(me.userPrincipalName, ALICE);
  assert.deepEqual(Object.keys(await alice.api('/me').select('mail').get()).sort(), ['@odata.context', 'mail']);
  assert.equal((await app.api(`/users/${ALICE}`).get()).id, me.id);
  const found = await app.api('/users').filter("startswith(displayName,'Bob') or displayName eq 'O''Neill'").get();
  assert.deepEqual(found.value.map((user) => user.userPrincipalName), [BOB]);
  const first = await app.api('/users').header('ConsistencyLevel', 'eventual').count(true).top(1).orderby('displayName').get();
  assert.equal(first['@odata.count'], 2);
  const seen = [];
  await new PageIterator(app, first, (user) => Boolean(seen.push(user.userPrincipalName))).iterate();
  assert.deepEqual(seen, [ALICE, BOB]);
  const search = (text) => app.api('/users').header('ConsistencyLevel', 'eventual').search(text).get();
  assert.deepEqual((await search('"displayName:ali" OR "mail:bob"')).value.map(({ userPrincipalName: upn }) => upn), [ALICE, BOB]);
  assert.deepEqual((await search('"displayName:\' or 1 eq 1"')).value, []);
  await refused(400, 'Request_UnsupportedQuery', () => app.api('/users').search('"displayName:ali"').get(), 'ConsistencyLevel');
  await refused(400, 'BadRequest', () => search('displayName:ali'));
  assert.equal(Number(await app.api('/users/$count').header('ConsistencyLevel', 'eventual').responseType('text').get()), 2);
  await refused(404, 'Request_ResourceNotFound', () => app.api('/users/nobody@contoso.example').get());
  await refused(400, 'BadRequest', () => app.api('/users').filter("displayName eq 'x").get());
  await refused(400, 'BadRequest', () => app.api('/users').filter('passwordHash ne null').get());
  await refused(400, 'BadRequest', () => app.api('/users').select('password').get());
  await refused(400, 'BadRequest', () => app.api('/me').get(), '/me request is only valid');
  await refused(401, 'InvalidAuthenticationToken', () => sdk.of('nonsense').api('/me').get());
});

for (const who of ['delegated', 'application']) {
  test(`online meetings, ${who}`, async () => {
    const [client, base] = who === 'delegated' ? [alice, '/me/onlineMeetings'] : [app, `/users/${ALICE}/onlineMeetings`];
    const made = await client.api(base).header('Prefer', 'include-unknown-enum-members').post({
      ...TIMES,
      subject: 'Loans',
      lobbyBypassSettings: { scope: 'invited', isDialInBypassEnabled: true },
      allowedPresenters: 'roleIsPresenter',
      participants: { attendees: [{ upn: BOB, role: 'coorganizer' }] },
    });
    assert.match(made.id, /^MS[op]/);
    assert.equal(made.lobbyBypassSettings.scope, 'invited');
    assert.equal(made.participants.attendees[0].role, 'coorganizer');
    const one = `${base}/${made.id}`;
    assert.equal((await client.api(one).get()).lobbyBypassSettings.scope, 'unknownFutureValue');
    // Encoded twice, as the documentation says: once by hand, once by the client.
    for (const filter of [
      `JoinWebUrl eq '${made.joinWebUrl}'`,
      `JoinWebUrl eq '${encodeURIComponent(made.joinWebUrl)}'`,
      `joinMeetingIdSettings/joinMeetingId eq '${made.joinMeetingIdSettings.joinMeetingId}'`,
    ]) {
      const found = await client.api(base).filter(filter).get();
      assert.deepEqual(found.value.map(({ id }) => id), [made.id], filter);
    }
    const changed = await client.api(one).patch({ subject: 'Cars', allowMeetingChat: 'disabled' });
    assert.deepEqual([changed.subject, changed.allowMeetingChat], ['Cars', 'disabled']);
    for (const [body, message] of [
      [{ subjekt: 'x' }, 'subjekt'],
      [{ allowRecording: 'yes' }, 'allowRecording'],
      [{ startDateTime: TIMES.startDateTime }, 'start and end'],
      [{ participants: { organizer: { upn: BOB } } }, 'organizer'],
      [{ joinWebUrl: 'https://x.example' }, 'joinWebUrl'],
    ]) {
      await refused(400, 'BadRequest', () => client.api(one).patch(body), message);
    }
    assert.deepEqual((await client.api(`${one}/attendanceReports`).get()).value, []);
    const link = await client.api(`${one}/getVirtualAppointmentJoinWebUrl()`).get();
    assert.equal(link.value, made.joinWebUrl);
    await client.api(one).delete();
    await refused(404, 'NotFound', () => client.api(one).get());
  });
}

test('attendance', async () => {
  const { meeting, endpoint, ca_file: ca, users } = service.dev;
  const { password } = users.find(({ upn }) => upn === ALICE);
  const flags = ['--endpoint', endpoint, '--ca', ca, '--json', '--as', ALICE, '--password', password];
  const call = spawn(process.env.ANTEROOM_BIN, ['join', meeting.join_url, ...flags], {
    env: ownEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(call, 'exit');
  for await (const line of createInterface(call.stdout)) {
    if (JSON.parse(line).event === 'connected') call.kill('SIGINT');
  }
  assert.deepEqual((await ended)[0], 0);
  const { value: [{ id }] } = await alice.api('/me/onlineMeetings').filter(`JoinWebUrl eq '${meeting.join_url}'`).get();
  const reports = `/me/onlineMeetings/${id}/attendanceReports`;
  const { value: [report] } = await alice.api(reports).get();
  assert.equal(report.totalParticipantCount, 1);
  const { attendanceRecords } = await alice.api(`${reports}/${report.id}`).expand('attendanceRecords').get();
  const { value: records } = await alice.api(`${reports}/${report.id}/attendanceRecords`).get();
  for (const record of [...attendanceRecords, ...records]) {
    assert.deepEqual([record.role, record.emailAddress], ['Organizer', ALICE]);
    assert.equal(record.attendanceIntervals.length, 1);
  }
  await refused(404, 'NotFound', () => alice.api(`${reports}/none`).get());
});

test('create or get', async () => {
  const ask = (body) => alice.api('/me/onlineMeetings/createOrGet').post(body);
  const made = await ask({ externalId: 'loan-7', subject: 'Loans', ...TIMES });
  assert.equal((await ask({ externalId: 'loan-7' })).id, made.id);
  await refused(400, 'BadRequest', () => ask({ subject: 'x' }), 'externalId');
  await refused(400, 'BadRequest', () => ask({ externalId: 'y', endDateTime: TIMES.endDateTime }), 'start and end');
});

test('by teleconference id', async () => {
  const made = await alice.api('/me/onlineMeetings').post(TIMES);
  const find = (client) => client.api('/communications/onlineMeetings').filter(`VideoTeleconferenceId eq '${made.videoTeleconferenceId}'`).get();
  assert.equal((await find(app)).value[0].id, made.id);
  await refused(403, 'Forbidden', () => find(alice));
});

test("somebody else's meeting", async () => {
  const made = await alice.api('/me/onlineMeetings').post(TIMES);
  const filter = `JoinWebUrl eq '${made.joinWebUrl}'`;
  await refused(403, 'Forbidden', () => bob.api('/me/onlineMeetings').filter(filter).get(), '3003: ');
  await refused(403, 'Forbidden', () => bob.api(`/me/onlineMeetings/${made.id}`).get(), '3003: ');
  await refused(403, 'Forbidden', () => bob.api(`/users/${ALICE}/onlineMeetings`).post(TIMES));
  await refused(400, 'BadRequest', () => bob.api('/me/onlineMeetings/nonsense').get(), 'Invalid meeting id');
  await refused(400, 'BadRequest', () => bob.api('/me/onlineMeetings').get());
});

test('calendar', async () => {
  const at = (hour) => ({ dateTime: `2026-10-19T${hour}:00:00`, timeZone: 'Europe/Berlin' });
  const event = await alice.api('/me/events').post({
    subject: 'Weekly',
    start: at(10),
    end: at(11),
    isOnlineMeeting: true,
    onlineMeetingProvider: 'teamsForBusiness',
    attendees: [{ emailAddress: { address: BOB } }],
    recurrence: {
      pattern: { type: 'weekly', interval: 1, daysOfWeek: ['monday'] },
      range: { type: 'endDate', startDate: '2026-10-19', endDate: '2026-11-02' },
    },
  });
  const view = await bob
    .api('/me/calendarView')
    .query({ startDateTime: '2026-10-01T00:00:00Z', endDateTime: '2026-12-01T00:00:00Z' })
    .header('Prefer', 'outlook.timezone="Europe/Berlin"')
    .filter("subject eq 'Weekly'")
    .get();
  assert.deepEqual(view.value.map(({ start }) => start.dateTime.slice(0, 16)), ['2026-10-19T10:00', '2026-10-26T10:00', '2026-11-02T10:00']);
  assert.deepEqual([...new Set(view.value.map(({ onlineMeeting }) => onlineMeeting.joinUrl))], [event.onlineMeeting.joinUrl]);
  const one = `/me/events/${event.id}`;
  const instances = await alice.api(`${one}/instances`).query({ startDateTime: '2026-10-26', endDateTime: '2026-10-27' }).get();
  assert.equal(instances.value.length, 1);
  assert.equal((await bob.api(one).get()).isOrganizer, false);
  const changed = await alice.api(one).header('If-Match', event['@odata.etag']).patch({ subject: 'Moved' });
  assert.equal(changed.onlineMeeting.joinUrl, event.onlineMeeting.joinUrl);
  await refused(412, 'ErrorIrresolvableConflict', () => alice.api(one).header('If-Match', event['@odata.etag']).patch({ subject: 'x' }));
  await refused(400, 'ErrorInvalidRequest', () => alice.api(one).patch({ isOnlineMeeting: false }));
  await refused(403, 'Forbidden', () => bob.api(one).patch({ subject: 'x' }));
  await refused(400, 'BadRequest', () => alice.api('/me/calendarView').get());
  assert.ok((await alice.api('/me/events').get()).value.some(({ id }) => id === event.id));
  assert.equal((await alice.api('/me/calendar').get()).isDefaultCalendar, true);
  assert.ok((await alice.api('/me/calendar/events').get()).value.some(({ id }) => id === event.id));
  await alice.api(one).delete();
  await refused(404, 'ErrorItemNotFound', () => alice.api(one).get());
});

test('occurrences and answers', async () => {
  const at = (day, hour) => ({ dateTime: `2027-05-0${day}T${hour}:00:00`, timeZone: 'UTC' });
  const daily = (interval) => ({
    subject: 'Standup',
    start: at(1, '09'),
    end: at(1, 10),
    isOnlineMeeting: true,
    attendees: [{ emailAddress: { address: BOB } }],
    recurrence: { pattern: { type: 'daily', interval }, range: { type: 'numbered', startDate: '2027-05-01', numberOfOccurrences: 4 } },
  });
  const event = await alice.api('/me/events').post(daily(1));
  const days = async (client) => {
    const window = { startDateTime: '2027-05-01T00:00:00Z', endDateTime: '2027-06-01T00:00:00Z' };
    const { value } = await client.api('/me/calendarView').query(window).get();
    // The demo meeting goes on for a long time.
    return value.filter(({ subject }) => subject.includes('Standup'));
  };
  const [, second, third, fourth] = (await days(alice)).map(({ id }) => `/me/events/${id}`);
  const moved = await alice.api(second).patch({ start: at(2, 14), end: at(2, 15) });
  assert.deepEqual([moved.type, moved.onlineMeeting.joinUrl], ['exception', event.onlineMeeting.joinUrl]);
  await refused(400, 'ErrorOccurrenceCrossingBoundary', () => alice.api(second).patch({ start: at(3, 14), end: at(3, 15) }));
  await alice.api(third).delete();
  const whole = `/me/events/${event.id}`;
  await bob.api(`${whole}/accept`).post({ comment: 'Yes', sendResponse: true });
  await bob.api(`${second}/tentativelyAccept`).post({ sendResponse: true, proposedNewTime: { start: at(2, 16), end: at(2, 17) } });
  await bob.api(`${fourth}/decline`).post({});
  assert.equal((await bob.api(whole).get()).responseStatus.response, 'accepted');
  assert.deepEqual((await days(alice)).map(({ attendees: [{ status }] }) => status.response), ['accepted', 'tentativelyAccepted', 'declined']);
  assert.equal((await days(bob)).length, 2);
  await refused(400, 'ErrorInvalidRequest', () => alice.api(`${whole}/accept`).post({}), 'organizer');
  await refused(403, 'Forbidden', () => bob.api(`${whole}/cancel`).post({}));
  await alice.api(`${whole}/cancel`).post({ comment: 'Over' });
  await refused(404, 'ErrorItemNotFound', () => alice.api(whole).get());
  assert.ok((await days(bob)).every(({ isCancelled }) => isCancelled));
  await bob.api(whole).delete();
  assert.deepEqual(await days(bob), []);
  await refused(400, 'ErrorInvalidRequest', () => alice.api('/me/events').post(daily(0)), 'interval');
});

test('chat', async () => {
  const made = await alice.api('/me/onlineMeetings').post({ ...TIMES, participants: { attendees: [{ upn: BOB }] } });
  const chat = `/chats/${made.chatInfo.threadId}`;
  assert.equal((await bob.api(chat).get()).chatType, 'meeting');
  for (const content of ['one', 'two', 'three']) {
    await bob.api(`${chat}/messages`).post({ body: { contentType: 'html', content: `<b>${content}</b><script>x</script>` } });
  }
  for (const client of [alice, app]) {
    const first = await client.api(`${chat}/messages`).top(2).get();
    const seen = [];
    await new PageIterator(client, first, (message) => Boolean(seen.push(message.body.content))).iterate();
    assert.deepEqual(seen, ['<b>three</b>', '<b>two</b>', '<b>one</b>']);
    const one = await client.api(`${chat}/messages/${first.value[0].id}`).get();
    assert.equal(one.from.user.userIdentityType, 'aadUser');
    const members = await client.api(`${chat}/members`).get();
    assert.deepEqual(members.value.map(({ email }) => email), [ALICE, BOB]);
    assert.equal((await client.api(`${chat}/members/${members.value[1].id}`).get()).email, BOB);
  }
  assert.ok((await bob.api('/chats').get()).value.some(({ id }) => id === made.chatInfo.threadId));
  await refused(403, 'Forbidden', () => app.api(`${chat}/messages`).post({ body: { content: 'x' } }));
  await refused(400, 'BadRequest', () => bob.api(`${chat}/messages`).post({ body: { content: '' } }));
  const own = await alice.api('/me/onlineMeetings').post(TIMES);
  await refused(404, 'NotFound', () => bob.api(`/chats/${own.chatInfo.threadId}/messages`).get());
  await refused(404, 'NotFound', () => bob.api(`/chats/${own.chatInfo.threadId}`).get());
});

test('batch and metadata', async () => {
  const steps = [
    { id: '1', request: new Request(`${sdk.endpoint}/me`, { method: 'GET' }) },
    { id: '2', request: new Request(`${sdk.endpoint}/users/nobody@contoso.example`, { method: 'GET' }), dependsOn: ['1'] },
  ];
  const content = await new BatchRequestContent(steps).getContent();
  const answers = new BatchResponseContent(await alice.api('/$batch').post(content));
  assert.equal((await answers.getResponseById('1').json()).userPrincipalName, ALICE);
  assert.equal(answers.getResponseById('2').status, 404);
  await refused(400, 'BadRequest', () => alice.api('/$batch').post({ requests: [] }));
  const metadata = await alice.api('/$metadata').responseType('text').get();
  assert.match(metadata, /EntityType Name="onlineMeeting"/);
});

test('who asks too often comes back when it is told to', async () => {
  const strict = await startService('[limits.graph.services]\ndirectory = [{ per = "application", calls = 2, seconds = 2 }]\n');
  try {
    const other = new Sdk(strict.dev);
    const client = await other.user(ALICE);
    for (let call = 0; call < 4; call += 1) {
      assert.equal((await client.api('/me').get()).userPrincipalName, ALICE);
    }
    assert.ok(other.statuses.includes(429), `${other.statuses}`);
    assert.equal(other.statuses.filter((status) => status === 200).length, 4);
  } finally {
    await strict.stop();
  }
});
