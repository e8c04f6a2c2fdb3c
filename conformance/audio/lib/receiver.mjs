/** One connection of @roamhq/wrtc that receives sound. */

import { readFileSync } from 'node:fs';

import wrtc from '@roamhq/wrtc';

import { Recording } from './recording.mjs';

const manifest = new URL('../node_modules/@roamhq/wrtc/package.json', import.meta.url);
const { name, version } = JSON.parse(readFileSync(manifest));

/** Members of `inbound-rtp` (https://www.w3.org/TR/webrtc-stats/#inboundrtpstats-dict*) that tell how sound was played. */
const MEMBERS = [
  'jitter',
  'jitterBufferDelay',
  'jitterBufferEmittedCount',
  'jitterBufferMinimumDelay',
  'jitterBufferTargetDelay',
  'totalSamplesReceived',
  'totalSamplesDuration',
  'concealedSamples',
  'silentConcealedSamples',
  'concealmentEvents',
  'insertedSamplesForDeceleration',
  'removedSamplesForAcceleration',
  'packetsReceived',
  'packetsLost',
  'packetsDiscarded',
  'fecPacketsReceived',
  'fecPacketsDiscarded',
];

export class Receiver {
  name = `${name} ${version}`;
  #connection = new wrtc.RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  #recording = new Recording();
  #sink;

  constructor() {
    this.#connection.ontrack = ({ track }) => {
      this.#sink = new wrtc.nonstandard.RTCAudioSink(track);
      this.#sink.ondata = (data) => this.#recording.add(data);
    };
  }

  async answer(offer) {
    await this.#connection.setRemoteDescription({ type: 'offer', sdp: offer });
    await this.#connection.setLocalDescription(await this.#connection.createAnswer());
    while (this.#connection.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 10));
    return this.#connection.localDescription.sdp;
  }

  async stats() {
    for (const entry of (await this.#connection.getStats()).values()) {
      if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
        return Object.fromEntries(MEMBERS.filter((member) => member in entry).map((member) => [member, entry[member]]));
      }
    }
    throw new Error('no statistics of received sound');
  }

  since(start) {
    return this.#recording.since(start);
  }

  close() {
    this.#sink?.stop();
    this.#connection.close();
  }
}
