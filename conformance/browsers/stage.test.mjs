/** What the pages work out without a browser: layouts, order, links, statistics, the window of the chat. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Window, parts } from '../../web/pages/assets/chat-text.js';
import { GAP_PX, grid, gridPage, strip } from '../../web/pages/assets/layouts.js';
import { checkLink } from '../../web/pages/assets/meeting-link.js';
import { verdict } from '../../web/pages/assets/network-check.js';
import { ActiveSpeaker, Order } from '../../web/pages/assets/speakers.js';
import { judge, summarize } from '../../web/pages/assets/statistics.js';

const SIZES = [[1240, 640], [900, 640], [640, 360], [344, 560], [300, 300], [60, 40]];

const apart = (a, b) =>
  a.x + a.width <= b.x + 0.5 || b.x + b.width <= a.x + 0.5 || a.y + a.height <= b.y + 0.5 || b.y + b.height <= a.y + 0.5;

function fits(rectangles, width, height, what) {
  for (const [index, one] of rectangles.entries()) {
    assert.ok(one.x > -0.5 && one.y > -0.5 && one.x + one.width < width + 0.5 && one.y + one.height < height + 0.5, `${what}: inside`);
    for (const other of rectangles.slice(index + 1)) assert.ok(apart(one, other), `${what}: apart`);
  }
}

test('the grid’s pictures are inside, apart, alike, and as large as can be', () => {
  for (const [width, height] of SIZES) {
    for (let count = 1; count <= 16; count += 1) {
      const found = grid(count, width, height);
      assert.equal(found.length, count);
      fits(found, width, height, `${count} in ${width}×${height}`);
      assert.equal(new Set(found.map((one) => `${one.width} ${one.height}`)).size, 1);
    }
  }
  assert.deepEqual(grid(2, 1240, 640).map(({ y }) => y), [grid(2, 1240, 640)[0].y, grid(2, 1240, 640)[0].y], 'beside each other');
  assert.notEqual(grid(2, 344, 560)[0].y, grid(2, 344, 560)[1].y, 'one above the other on a phone');
});

test('a page has 16 pictures on a desktop, 6 on a phone, fewer where they would be tiny', () => {
  assert.equal(gridPage(1240, 640), 16);
  assert.equal(gridPage(344, 560), 6);
  assert.ok(gridPage(760, 200) < 16);
  assert.equal(gridPage(60, 40), 1);
});

test('a strip leaves the large picture most of the room, and what is reserved free', () => {
  for (const [width, height] of SIZES.slice(0, 4)) {
    for (const count of [1, 3, 9, 350]) {
      const reserved = { width: 104, height: 58 };
      const { main, tiles, page, pager } = strip({ width, height, count, reserved });
      fits([main, ...tiles, { x: width - 104, y: height - 58, ...reserved }], width, height, `${count} beside in ${width}×${height}`);
      assert.equal(tiles.length, Math.min(count, page));
      assert.equal(pager !== null, count > tiles.length);
      assert.ok(main.width * main.height > 0.45 * width * height);
    }
  }
  assert.deepEqual(strip({ width: 800, height: 600, count: 0 }).main, { x: 0, y: 0, width: 800, height: 600 });
  assert.ok(GAP_PX > 0);
});

test('the active speaker stays through interjections, and changes to who goes on speaking', () => {
  const active = new ActiveSpeaker();
  active.update(['ann'], 0);
  assert.equal(active.current, 'ann', 'the first one at once');
  active.update(['ann', 'bo'], 500);
  active.update(['bo'], 1_000);
  active.update(['ann'], 1_300);
  assert.equal(active.current, 'ann', 'an interjection');
  active.update([], 4_000);
  assert.equal(active.current, 'ann', 'a pause');
  const wait = active.update(['bo'], 5_000);
  assert.equal(active.current, 'ann');
  assert.ok(wait > 0);
  assert.equal(active.update(['bo'], 5_000 + wait), 0);
  assert.equal(active.current, 'bo');
  active.keep((id) => id !== 'bo');
  assert.equal(active.current, null);
});

test('tiles keep their places; who speaks out of sight changes places with who was quiet longest', () => {
  const order = new Order();
  order.sync(['a', 'b', 'c', 'd', 'e']);
  assert.equal(order.spoke('a', 3), false);
  assert.equal(order.spoke('c', 3), false);
  assert.equal(order.spoke('e', 3), true);
  assert.deepEqual(order.ids(), ['a', 'e', 'c', 'd', 'b']);
  assert.deepEqual(order.ids(['d']), ['d', 'a', 'e', 'c', 'b'], 'the spotlight is ahead');
  order.sync(['e', 'a', 'd', 'f']);
  assert.deepEqual(order.ids(), ['a', 'e', 'd', 'f']);
});

test('only plain http and https addresses become links, as they are written', () => {
  const links = (text) => parts(text).filter(({ href }) => href).map((part) => [part.text, part.href]);
  assert.deepEqual(links('see https://example.com/a?b=(c), or (http://example.org/x).'), [
    ['https://example.com/a?b=(c)', 'https://example.com/a?b=(c)'],
    ['http://example.org/x', 'http://example.org/x'],
  ]);
  for (const text of [
    'javascript:alert(1)',
    'data:text/html,<b>',
    'https://user:secret@example.com/',
    'https://trusted.example@evil.example/',
    'ftp://example.com',
    'xhttps://example.com',
    'https://',
    `https://example.com/${'x'.repeat(3_000)}`,
  ]) {
    assert.deepEqual(links(text), [], text);
  }
  for (const text of ['', 'plain', 'a https://example.com/\u202egpj.exe b', '<img src=x>', 'https://a.example https://b.example']) {
    assert.equal(parts(text).map((part) => part.text).join(''), text, 'nothing is lost or added');
  }
  assert.ok(links('https://a.example '.repeat(500)).length <= 50);
});

test('the window over a long chat has an upper bound, and reaches both ends', () => {
  const window = new Window({ step: 60, most: 180 });
  window.toEnd(1_000);
  assert.deepEqual([window.start, window.end], [940, 1_000]);
  let steps = 0;
  while (window.older()) {
    steps += 1;
    assert.ok(window.end - window.start <= 180 && window.start < window.end);
  }
  assert.equal(window.start, 0);
  assert.equal(steps, 16);
  while (window.newer(1_000)) assert.ok(window.end - window.start <= 180);
  assert.equal(window.end, 1_000);
  window.follow(1_500);
  assert.ok(window.end === 1_500 && window.end - window.start <= 180);
});

test('links are judged before anything is asked for', () => {
  const own = 'https://meet.example:8443';
  const problem = (link) => checkLink(link, own).problem;
  for (const good of [
    `${own}/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1`,
    'https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%7d',
    ' <https://teams.microsoft.com/meet/123?p=abc> ',
    'msteams://teams.microsoft.com/l/meetup-join/x',
    'https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fteams.microsoft.com%2Fmeet%2F1',
    'https://other.example/meet/123?p=abc',
  ]) {
    assert.equal(problem(good), null, good);
  }
  const inner = `${own}/meet/1?p=abcdef`;
  assert.deepEqual(checkLink(`${own}/join?link=${encodeURIComponent(inner)}`, own), { link: inner, problem: null });
  for (const [bad, why] of [
    ['', 'empty'],
    ['x'.repeat(9_000), 'long'],
    ['not a link', 'malformed'],
    ['teams.microsoft.com', 'malformed'],
    ['http://teams.microsoft.com/meet/1', 'scheme'],
    ['javascript:alert(1)', 'scheme'],
    ['https://gov.teams.microsoft.us/meet/1?p=a', 'government'],
    ['https://dod.teams.microsoft.us./l/meetup-join/x', 'government'],
    ['https://events.teams.microsoft.com/event/x', 'other-page'],
    [`${own}/admin`, 'not-meeting'],
    ['https://example.com/not-a-meeting', 'unknown-host'],
  ]) {
    assert.equal(problem(bad), why, bad);
  }
});

test('statistics: rates and losses since the report before, the pair in use, what is missing is null', () => {
  const report = (at, { bytes, lost, received }) =>
    new Map(
      [
        { id: 'T', type: 'transport', timestamp: at, selectedCandidatePairId: 'P' },
        { id: 'P', type: 'candidate-pair', timestamp: at, localCandidateId: 'L', remoteCandidateId: 'R', currentRoundTripTime: 0.042, bytesReceived: bytes },
        { id: 'L', type: 'local-candidate', timestamp: at, protocol: 'udp', candidateType: 'host' },
        { id: 'R', type: 'remote-candidate', timestamp: at, candidateType: 'srflx' },
        { id: 'C', type: 'codec', timestamp: at, mimeType: 'video/VP8' },
        { id: 'I', type: 'inbound-rtp', kind: 'video', timestamp: at, codecId: 'C', trackIdentifier: 'track', bytesReceived: bytes, packetsLost: lost, packetsReceived: received, jitter: 0.005, frameWidth: 640, frameHeight: 360, framesPerSecond: 24 },
      ].map((entry) => [entry.id, entry]),
    );
  const before = report(1_000, { bytes: 1_000, lost: 5, received: 100 });
  const { connection, streams } = summarize(report(3_000, { bytes: 251_000, lost: 10, received: 195 }), before, 'connected');
  assert.deepEqual(connection, { state: 'connected', rtt: 42, available: null, received: 1_000_000, sent: null, protocol: 'udp', local: 'host', remote: 'srflx', relayed: false });
  assert.equal(streams.length, 1);
  const [{ codec, bitrate, loss, jitter, width, fps, track }] = streams;
  assert.deepEqual([codec, bitrate, loss, jitter, width, fps, track], ['VP8', 1_000_000, 0.05, 5, 640, 24, 'track']);
  assert.deepEqual(summarize(new Map()).streams, []);
});

test('quality is as good as the worst figure; without figures it is not known', () => {
  assert.equal(judge({}), 0);
  assert.equal(judge({ rtt: 20, loss: 0 }), 3);
  assert.equal(judge({ rtt: 20, loss: 0.05 }), 2);
  assert.equal(judge({ rtt: 900, loss: 0 }), 1);
  assert.equal(judge({ rtt: null, loss: null, jitter: 200 }), 1);
});

test('the network’s verdict says what is worst about it', () => {
  const good = { reachable: true, signalingRtt: 30, session: true, media: 'udp', mediaRtt: 20 };
  const cases = [
    [{}, 'good', 'fine'],
    [{ media: null, mediaRtt: null }, 'good', 'fine'],
    [{ mediaRtt: 250 }, 'fair', 'slow'],
    [{ media: 'tcp' }, 'fair', 'tcp'],
    [{ mediaRtt: 900 }, 'poor', 'far'],
    [{ media: 'none', mediaRtt: null }, 'failed', 'no-media'],
    [{ session: false }, 'failed', 'no-session'],
    [{ reachable: false }, 'failed', 'unreachable'],
  ];
  for (const [change, level, reason] of cases) assert.deepEqual(verdict({ ...good, ...change }), { verdict: level, reason });
});
