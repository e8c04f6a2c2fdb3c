/** Media over TCP alone, as in networks that let no UDP through (RFC 6544). */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openBrowser } from './lib/browser.mjs';
import { guest, organizer } from './lib/flow.mjs';
import { client, ends, url } from './lib/whip.mjs';
import { startService } from '../lib/service.mjs';

let service;
let browser;

before(async () => {
  service = await startService();
  const chromium = await openBrowser('chromium');
  browser = { ...chromium, person: () => chromium.person(withoutUdp) };
});

/** Keeps the service's addresses of UDP from a page, as if a firewall dropped whatever is sent there. */
const withoutUdp = (page) =>
  page.evaluateOnNewDocument(() => {
    const { setRemoteDescription } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
      return setRemoteDescription.call(this, { type, sdp: sdp.replace(/^a=candidate:\S+ \d+ udp .*\r\n/gim, '') });
    };
  });

after(async () => {
  await browser?.close();
  await service?.stop();
});

/** What carries the selected pair, at both ends, and how much went through it. */
function selected(pc) {
  return pc.getStats().then((report) => {
    const entries = [...report.values()];
    const transport = entries.find((entry) => entry.type === 'transport');
    const pair = report.get(transport?.selectedCandidatePairId);
    if (!pair) return null;
    const [local, remote] = [report.get(pair.localCandidateId), report.get(pair.remoteCandidateId)];
    return { local: local.protocol, remote: remote.protocol, type: local.tcpType, sent: pair.bytesSent, received: pair.bytesReceived };
  });
}

test('two people meet over TCP: pictures and sound flow both ways', async () => {
  const alice = await organizer(browser, service);
  const dana = await guest(browser, service, 'Dana Whitfield');
  await alice.admits(dana.name);
  await dana.sees('in-call');
  await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
  await Promise.all([alice.hears(), dana.hears()]);
  for (const person of [alice, dana]) {
    const pair = await person.page.evaluate(`(${selected})(window.anteroom.pc)`);
    assert.deepEqual([pair?.local, pair?.remote, pair?.type], ['tcp', 'tcp', 'active'], person.name);
    assert.ok(pair.sent > 10_000 && pair.received > 10_000, `${pair.sent} bytes sent, ${pair.received} received`);
  }
  await dana.click('leave');
  await alice.click('leave');
});

test('WHIP answers name passive candidates below those of UDP, and media comes over them', async () => {
  const encoder = await client(browser, service, 'encoder');
  const { media_token: token, whip_url: whip } = service.dev;
  const answer = await encoder.page.evaluate(
    async (address, token) => {
      const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } });
      window.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
      for (const track of media.getTracks()) window.pc.addTransceiver(track, { direction: 'sendonly' });
      return window.begin(address, token, window.pc);
    },
    url(service, whip),
    token,
  );
  assert.equal(answer.status, 201, answer.text);
  const candidates = answer.text.split('\r\n').filter((line) => line.startsWith('a=candidate:')).map((line) => line.split(' '));
  const priorities = (transport) => candidates.filter((words) => words[2] === transport).map((words) => Number(words[3]));
  assert.ok(candidates.filter((words) => words[2] === 'tcp').every((words) => words.slice(6).join(' ') === 'typ host tcptype passive'));
  assert.ok(priorities('tcp').length > 0);
  assert.ok(Math.min(...priorities('udp')) > Math.max(...priorities('tcp')));
  await encoder.until('is connected', () => window.pc.connectionState === 'connected');
  const pair = await encoder.page.evaluate(`(${selected})(window.pc)`);
  assert.deepEqual([pair?.local, pair?.remote], ['tcp', 'tcp']);
  assert.equal(await ends(encoder), 200);
});
