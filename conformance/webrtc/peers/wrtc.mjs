/** @roamhq/wrtc: libwebrtc in Node, with its codecs (no H.264). */

import wrtc from '@roamhq/wrtc';

import { every, HEIGHT, Picture, PICTURES_A_SECOND, RATE, say, serve, Sound, WIDTH, wish } from './common.mjs';

const { RTCAudioSink, RTCAudioSource, RTCVideoSink, RTCVideoSource } = wrtc.nonstandard;

const sound = new Sound();
const picture = new Picture();
const sinks = [];
const pc = new wrtc.RTCPeerConnection({ bundlePolicy: 'max-bundle' });
pc.onconnectionstatechange = () => say('state', { state: pc.connectionState });
pc.ontrack = ({ track }) => {
  const sink = track.kind === 'audio' ? new RTCAudioSink(track) : new RTCVideoSink(track);
  sinks.push(sink);
  sink.ondata = ({ samples, channelCount, sampleRate }) => {
    sound.add(samples, sampleRate, channelCount);
  };
  sink.onframe = ({ frame }) => picture.add(frame.data, frame.width);
};

function tone(hz) {
  const source = new RTCAudioSource();
  const length = RATE / 100;
  every(100, (number) => {
    const sample = (_, at) => 9000 * Math.sin((2 * Math.PI * hz * (number * length + at)) / RATE);
    source.onData({ samples: Int16Array.from({ length }, sample), sampleRate: RATE });
  });
  return source.createTrack();
}

/** One shade, and a bar that moves, away from the corner. */
function card(luma) {
  const source = new RTCVideoSource();
  every(PICTURES_A_SECOND, (number) => {
    const data = new Uint8ClampedArray((WIDTH * HEIGHT * 3) / 2).fill(128);
    data.fill(luma, 0, WIDTH * HEIGHT);
    const left = 64 + ((number * 8) % (WIDTH - 96));
    for (let row = 0; row < HEIGHT; row += 1) data.fill(255 - luma, row * WIDTH + left, row * WIDTH + left + 32);
    source.onFrame({ width: WIDTH, height: HEIGHT, data });
  });
  return source.createTrack();
}

async function offer(options) {
  await pc.setLocalDescription(await pc.createOffer(options));
  while (pc.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 10));
  return pc.localDescription.sdp;
}

await serve({
  offer() {
    if (wish.role === 'publish') {
      for (const track of [tone(wish.hz), card(wish.luma)]) pc.addTransceiver(track, { direction: 'sendonly' });
    } else {
      for (const kind of ['audio', 'video']) pc.addTransceiver(kind, { direction: 'recvonly' });
    }
    return offer();
  },
  restart: () => offer({ iceRestart: true }),
  answer: (sdp) => pc.setRemoteDescription({ type: 'answer', sdp }),
  async stats() {
    const packets = { audio: 0, video: 0 };
    for (const entry of (await pc.getStats()).values()) {
      if (entry.type === 'inbound-rtp') packets[entry.kind] += entry.packetsReceived;
      if (entry.type === 'outbound-rtp') packets[entry.kind] += entry.packetsSent;
    }
    return {
      audio: { packets: packets.audio, decoded: sound.frames, hz: sound.hz },
      video: { packets: packets.video, decoded: picture.frames, luma: picture.luma },
    };
  },
});
