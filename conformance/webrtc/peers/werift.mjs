/** werift, written in TypeScript. It brings no codecs: it plays files and writes what arrived. */

import {
  dePacketizeRtpPackets,
  MediaStreamTrack,
  RTCPeerConnection,
  RtpHeader,
  RtpPacket,
  useH264,
  useOPUS,
  useVP8,
} from 'werift';

import { every, Frames, PICTURES_A_SECOND, Record, say, serve, wish } from './common.mjs';
import { PAYLOADS } from './payload.mjs';

/** What this stack calls the codecs when it puts frames together. */
const CODECS = { VP8: 'VP8', H264: 'MPEG4/ISO/AVC' };

let packets;
let pc;
const timers = [];

async function connect() {
  await pc?.close();
  timers.splice(0).forEach(clearInterval);
  packets = { audio: 0, video: 0 };
  pc = new RTCPeerConnection({
    iceServers: [],
    bundlePolicy: 'max-bundle',
    codecs: { audio: [useOPUS()], video: [wish.codec === 'VP8' ? useVP8() : useH264()] },
  });
  const { connectionStateChange, onTrack } = pc;
  connectionStateChange.subscribe((state) => say('state', { state }));
  onTrack.subscribe(writes);
  if (wish.role === 'publish') {
    plays('audio', 'OPUS', 50, 960);
    plays('video', wish.codec, PICTURES_A_SECOND, 90_000 / PICTURES_A_SECOND);
  } else {
    for (const kind of ['audio', 'video']) pc.addTransceiver(kind, { direction: 'recvonly' });
  }
  await pc.setLocalDescription(await pc.createOffer());
  while (pc.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 10));
  return pc.localDescription.sdp;
}

/** Writes what arrives on a track. */
function writes(track) {
  const codec = track.kind === 'audio' ? 'OPUS' : CODECS[wish.codec];
  let frame = [];
  track.onReceiveRtp.subscribe((packet) => {
    packets[track.kind] += 1;
    if (frame.length > 0 && frame[0].header.timestamp !== packet.header.timestamp) frame = [];
    frame.push(packet);
    if (track.kind === 'video' && !packet.header.marker) return;
    records[track.kind].add(dePacketizeRtpPackets(codec, frame).data, packet.header.timestamp);
    frame = [];
  });
}

/** Sends a file's frames, so many in a second; `ticks` is the time of each. */
function plays(kind, name, hz, ticks) {
  const track = new MediaStreamTrack({ kind });
  const { sender } = pc.addTransceiver(track, { direction: 'sendonly' });
  const frames = new Frames(wish[kind]);
  sender.onPictureLossIndication.subscribe(() => frames.rewind());
  let sequenceNumber = 0;
  const timer = every(hz, (number) => {
    if (pc.connectionState !== 'connected') return;
    const payloads = PAYLOADS[name](frames.next());
    payloads.forEach((payload, at) => {
      sequenceNumber = (sequenceNumber + 1) & 0xffff;
      const marker = kind === 'video' && at === payloads.length - 1;
      const header = new RtpHeader({ sequenceNumber, timestamp: number * ticks, marker });
      track.writeRtp(new RtpPacket(header, payload));
      packets[kind] += 1;
    });
  });
  timers.push(timer);
}

const records =
  wish.role === 'play' ? { audio: new Record(wish.audio), video: new Record(wish.video) } : undefined;

await serve({
  offer: connect,
  // ICE of this stack is not restarted: once DTLS is connected it sends no checks, and an ICE-lite server never does.
  again: connect,
  answer: (sdp) => pc.setRemoteDescription({ type: 'answer', sdp }),
  stats: async () => ({ audio: { packets: packets.audio }, video: { packets: packets.video } }),
});
