/** Media into a meeting by WHIP (RFC 9725) and out of it by WHEP, with nothing but what browsers have. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { user } from './lib/back_end.mjs';
import { openBrowser } from './lib/browser.mjs';
import { organizer } from './lib/flow.mjs';
import { ends, client as open, url as address } from './lib/whip.mjs';
import { startService } from '../lib/service.mjs';

let service;
let browser;

before(async () => {
  service = await startService();
  browser = await openBrowser('chromium');
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

const client = (name) => open(browser, service, name);

const url = (of) => address(service, of);

/** Sends a made-up camera and microphone. */
async function publishes(person, address, token) {
  return person.page.evaluate(
    async (address, token) => {
      const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } });
      window.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
      for (const track of media.getTracks()) window.pc.addTransceiver(track, { direction: 'sendonly' });
      return window.begin(address, token, window.pc);
    },
    address,
    token,
  );
}

/** Plays what comes. */
async function plays(person, address, token) {
  return person.page.evaluate(
    async (address, token) => {
      window.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
      window.pc.addTransceiver('audio', { direction: 'recvonly' });
      window.pc.addTransceiver('video', { direction: 'recvonly' });
      const video = document.body.appendChild(document.createElement('video'));
      video.autoplay = true;
      video.srcObject = new MediaStream();
      window.pc.ontrack = ({ track }) => video.srcObject.addTrack(track);
      return window.begin(address, token, window.pc);
    },
    address,
    token,
  );
}

/** Waits until so many more pictures have been decoded. */
async function seesPictures(person, more = 20) {
  const before = (await person.page.evaluate(() => window.stats('inbound-rtp', 'video'))).framesDecoded ?? 0;
  await person.until(
    'sees pictures',
    async (wanted) => ((await window.stats('inbound-rtp', 'video')).framesDecoded ?? 0) >= wanted,
    before + more,
  );
}

test('what WHIP brings, a guest and a WHEP player see and hear, through a restart of ICE', async () => {
  const { media_token: token, users, whep_url: whep, whip_url: whip } = service.dev;
  const alice = await organizer(browser, service);
  const encoder = await client('encoder');
  assert.equal((await publishes(encoder, url(whip), token)).status, 201);
  await alice.seesInRoster(users[1].display_name);
  await alice.seesMoving('camera');
  await alice.hears();

  const player = await client('player');
  assert.equal((await plays(player, url(whep), token)).status, 201);
  await seesPictures(player);
  await player.until('hears', async () => ((await window.stats('inbound-rtp', 'audio')).totalAudioEnergy ?? 0) > 1e-4);

  // New credentials, by hand, as RFC 9725 has it: the session goes on.
  const restarted = await encoder.page.evaluate(async () => {
    const { url, token, etag } = window.session;
    window.pc.restartIce();
    await window.pc.setLocalDescription();
    const lines = window.pc.localDescription.sdp.split('\r\n');
    const fragment = ['a=ice-ufrag:', 'a=ice-pwd:'].map((name) => lines.find((line) => line.startsWith(name)));
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*' };
    const response = await fetch(url, { method: 'PATCH', headers, body: `${fragment.join('\r\n')}\r\n` });
    const fresh = (await response.text()).split('\r\n');
    const answer = window.pc.remoteDescription.sdp
      .split('\r\n')
      .map((line) => fresh.find((other) => other.split(':')[0] === line.split(':')[0] && /^a=ice-(ufrag|pwd):/.test(line)) ?? line)
      .join('\r\n');
    await window.pc.setRemoteDescription({ type: 'answer', sdp: answer });
    return { status: response.status, another: response.headers.get('etag') !== etag };
  });
  assert.deepEqual(restarted, { status: 200, another: true });
  await seesPictures(player, 40);
  assert.equal(await encoder.page.evaluate(() => window.pc.connectionState), 'connected');

  assert.equal(await ends(encoder), 200);
  await alice.missesVideo('camera');
  assert.equal(await ends(player), 200);
  await alice.missesInRoster(users[1].display_name);
  await alice.click('leave');
});

test('a player follows a screen, and goes back to the camera', async () => {
  const { media_token: token, whep_url: whep } = service.dev;
  const alice = await organizer(browser, service);
  const player = await client('player');
  assert.equal((await plays(player, url(whep), token)).status, 201);
  await seesPictures(player);
  const width = async () => (await player.page.evaluate(() => window.stats('inbound-rtp', 'video'))).frameWidth;
  const camera = await width();
  await alice.click('share');
  await player.until('another picture', async (camera) => (await window.stats('inbound-rtp', 'video')).frameWidth !== camera, camera);
  await seesPictures(player, 5);
  await alice.click('share');
  await player.until('the camera', async (camera) => (await window.stats('inbound-rtp', 'video')).frameWidth === camera, camera);
  await seesPictures(player, 5);
  const streams = await player.page.evaluate(async () =>
    [...(await window.pc.getStats()).values()].filter((entry) => entry.type === 'inbound-rtp' && entry.kind === 'video').length);
  assert.equal(streams, 1, 'it is one stream all the time');
  assert.equal(await ends(player), 200);
  await alice.click('leave');
});

test('a guest with an encoder waits in the lobby like everybody', async () => {
  const alice = await organizer(browser, service);
  const { token } = await user(service);
  const encoder = await client('encoder');
  const waiting = publishes(encoder, `${url(service.dev.whip_url)}&name=Stage`, token);
  await alice.admits('Stage');
  assert.equal((await waiting).status, 201);
  await alice.seesInRoster('Stage');
  await alice.seesMoving('camera');
  await alice.removes('Stage');
  await encoder.until('is gone', () => window.pc.connectionState !== 'connected');
  assert.equal(await ends(encoder), 404);
  await alice.click('leave');
});
