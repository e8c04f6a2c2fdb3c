/** What browsers and the service agree on: layers, retransmissions, congestion control, codecs. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { openBrowser } from './lib/browser.mjs';
import { guest, organizer } from './lib/flow.mjs';
import { client, ends, url } from './lib/whip.mjs';
import { startService } from '../lib/service.mjs';

let service;
let browser;

before(async () => {
  service = await startService();
});

after(async () => {
  await service?.stop();
});

/** Sends a made-up camera, in some layers, with the codecs of one kind. */
async function publishes(person, { layers = [], codec = null } = {}) {
  const { media_token: token, whip_url: whip } = service.dev;
  const answer = await person.page.evaluate(
    async (address, token, layers, codec) => {
      const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
      window.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
      for (const track of media.getTracks()) {
        const several = track.kind === 'video' && layers.length > 0;
        const transceiver = window.pc.addTransceiver(track, { direction: 'sendonly', ...(several ? { sendEncodings: layers } : {}) });
        if (track.kind !== 'video' || !codec) continue;
        const { codecs } = RTCRtpSender.getCapabilities('video');
        transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => [codec, 'video/rtx'].includes(mimeType)));
      }
      return window.begin(address, token, window.pc);
    },
    url(service, whip),
    token,
    layers,
    codec,
  );
  assert.equal(answer.status, 201, answer.text);
  return answer.text;
}

/** Receives a picture and a voice. */
async function plays(person) {
  const { media_token: token, whep_url: whep } = service.dev;
  const answer = await person.page.evaluate(
    async (address, token) => {
      window.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
      for (const kind of ['audio', 'video']) window.pc.addTransceiver(kind, { direction: 'recvonly' });
      const video = document.body.appendChild(document.createElement('video'));
      video.autoplay = true;
      video.muted = true;
      video.srcObject = new MediaStream();
      window.pc.ontrack = ({ track }) => video.srcObject.addTrack(track);
      return window.begin(address, token, window.pc);
    },
    url(service, whep),
    token,
  );
  assert.equal(answer.status, 201, answer.text);
  return answer.text;
}

const LAYERS = [
  { rid: 'q', scaleResolutionDownBy: 4 },
  { rid: 'h', scaleResolutionDownBy: 2 },
  { rid: 'f', scaleResolutionDownBy: 1 },
];

const lines = (sdp, pattern) => sdp.split('\r\n').filter((line) => pattern.test(line));

for (const kind of ['chromium', 'firefox']) {
  describe(kind, () => {
    before(async () => {
      browser = await openBrowser(kind);
    });

    after(async () => {
      await browser?.close();
    });

    test('a camera in three layers is answered with three, and sent so', async () => {
      const encoder = await client(browser, service, 'encoder');
      const answer = await publishes(encoder, { layers: LAYERS });
      assert.deepEqual(lines(answer, /^a=(rid|simulcast):/), ['a=rid:q recv', 'a=rid:h recv', 'a=rid:f recv', 'a=simulcast:recv q;h;f']);
      await encoder.until('sends three layers', async () => {
        const sent = [...(await window.pc.getStats()).values()].filter(({ type, kind }) => type === 'outbound-rtp' && kind === 'video');
        return sent.length === 3 && new Set(sent.map(({ rid }) => rid)).size === 3;
      });
      const left = await encoder.page.evaluate(() => window.pc.getSenders().find(({ track }) => track.kind === 'video').getParameters().encodings.map(({ rid }) => rid));
      assert.deepEqual(left, ['q', 'h', 'f'], 'none was refused');
      assert.equal(await ends(encoder), 200);
    });

    test('retransmissions and congestion control are agreed on both ways', async () => {
      const encoder = await client(browser, service, 'encoder');
      const sent = await publishes(encoder);
      const player = await client(browser, service, 'player');
      const received = await plays(player);
      for (const answer of [sent, received]) {
        const [payloadType] = /^m=video .*$/m.exec(answer)[0].trim().split(' ').slice(3);
        assert.equal(lines(answer, new RegExp(`^a=fmtp:\\d+ apt=${payloadType}$`)).length, 1);
        const feedback = lines(answer, new RegExp(`^a=rtcp-fb:${payloadType} `)).map((line) => line.slice(line.indexOf(' ') + 1));
        assert.deepEqual(feedback, ['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli']);
        assert.equal(lines(answer, /^a=extmap:\d+ .*transport-wide-cc-extensions-01$/).length, 2, 'in the sections of sound and pictures');
        assert.equal(lines(answer, /abs-send-time/).length, 0);
        assert.equal(lines(answer, /^a=extmap-allow-mixed$/).length, kind === 'firefox' ? 2 : 1, 'where it was offered');
      }
      const [, ssrc, rtx] = /^a=ssrc-group:FID (\d+) (\d+)$/m.exec(received.replaceAll('\r', ''));
      assert.notEqual(ssrc, rtx);
      const offered = await encoder.page.evaluate(() => window.pc.localDescription.sdp);
      assert.match(offered, /^a=ssrc-group:FID \d+ \d+\r$/m);
      if (kind === 'chromium') {
        const repair = await encoder.page.evaluate(async () => {
          const found = [...(await window.pc.getStats()).values()].find(({ type, kind }) => type === 'outbound-rtp' && kind === 'video');
          return { rtx: found.rtxSsrc, extensions: window.pc.getSenders().map((one) => one.getParameters().headerExtensions.map(({ uri }) => uri)) };
        });
        assert.equal(typeof repair.rtx, 'number');
        assert.ok(repair.extensions.every((uris) => uris.some((uri) => uri.endsWith('transport-wide-cc-extensions-01'))));
      }
      await player.until('gets pictures', async () => ((await window.stats('inbound-rtp', 'video')).framesDecoded ?? 0) > 5);
      const stats = await player.page.evaluate(() => window.stats('inbound-rtp', 'video'));
      assert.equal(stats.ssrc, Number(ssrc));
      if (stats.rtxSsrc !== undefined) assert.equal(stats.rtxSsrc, Number(rtx));
      assert.equal(await ends(encoder), 200);
      assert.equal(await ends(player), 200);
    });

    for (const codec of ['video/VP9', 'video/AV1', 'video/H264']) {
      test(`${codec} from one page to another when it is preferred`, async (t) => {
        const encoder = await client(browser, service, 'encoder');
        const has = await encoder.page.evaluate(
          (wanted) => [RTCRtpSender, RTCRtpReceiver].every((end) => end.getCapabilities('video').codecs.some(({ mimeType }) => mimeType === wanted)), codec);
        if (!has) {
          t.skip(`this ${kind} has no ${codec}`);
          return;
        }
        await publishes(encoder, { codec });
        const player = await client(browser, service, 'player');
        await plays(player);
        await player.until('gets pictures', async () => ((await window.stats('inbound-rtp', 'video')).framesDecoded ?? 0) > 20);
        const used = await player.page.evaluate(async () => {
          const stats = await window.pc.getStats();
          return stats.get((await window.stats('inbound-rtp', 'video')).codecId).mimeType;
        });
        assert.equal(used, codec);
        assert.equal(await ends(encoder), 200);
        assert.equal(await ends(player), 200);
      });
    }

    test('pages say what is seen of pictures', async () => {
      const encoder = await client(browser, service, 'encoder');
      await publishes(encoder);
      const alice = await organizer(browser, service);
      await alice.page.evaluate(() => {
        const { signaling } = window.anteroom.call;
        const request = signaling.request.bind(signaling);
        window.views = [];
        signaling.request = (kind, body) => {
          if (kind === 'setViews') window.views.push(body.views);
          return request(kind, body);
        };
      });
      await alice.seesMoving('camera');
      // The only view, and as large as the tile, up to the next step.
      const isSeen = () => {
        const { clientWidth: width, clientHeight: height } = document.querySelector('.tile.camera');
        const views = window.views.at(-1) ?? [];
        const fits = (told, real) => told >= real && told < real + 32;
        return views.length === 1 && !views[0].hidden && fits(views[0].width, width) && fits(views[0].height, height);
      };
      await alice.page.setViewport({ width: 900, height: 700 });
      await alice.until('says how large it is', isSeen);
      await alice.page.$eval('.tile.camera', (tile) => { tile.style.display = 'none'; });
      await alice.until('says that it is out of sight', () => window.views.at(-1)[0].hidden === true);
      await alice.page.$eval('.tile.camera', (tile) => { tile.style.display = ''; });
      await alice.until('says that it is seen again', isSeen);
      assert.equal(await ends(encoder), 200);
      await alice.click('leave');
    });

    test('layers of a page’s camera that nobody sees are not sent, and come back', async () => {
      const alice = await organizer(browser, service);
      const player = await client(browser, service, 'player');
      await plays(player);
      const dana = await guest(browser, service, 'Watching guest');
      await dana.sees('lobby');
      await alice.admits(dana.name);
      await dana.seesMoving('camera');
      assert.equal(await ends(player), 200);
      const camera = () => {
        const sender = window.anteroom.pc.getSenders().find(({ track }) => track?.kind === 'video');
        return sender.getParameters().encodings.filter(({ active }) => active).map(({ rid }) => rid);
      };
      const tile = (size) => dana.page.$eval('.tile.camera', (element, wanted) => Object.assign(element.style, wanted), size);
      await tile({ display: 'none' });
      await alice.until('sends no layer', `(${camera})().length === 0`);
      await tile({ display: '', width: '200px', height: '112px' });
      await alice.until('sends a small one alone', `(${camera})().join() === 'q'`);
      await dana.seesMoving('camera');
      await tile({ width: '', height: '' });
      await alice.until('sends a larger one', `(${camera})().some((rid) => rid !== 'q')`);
      await dana.seesMoving('camera');
      await dana.click('leave');
      await alice.click('leave');
    });
  });
}
