/**
 * The media connection: one RTCPeerConnection to the service for everything that is sent and received.
 *
 * Only this side makes offers, one at a time. What is wanted (own sources, tracks of others) may change at any moment;
 * the loop in `#negotiate` brings the connection there step by step.
 * @module media
 */

import { SessionOver } from './signaling.js';

/** @typedef {'TRACK_SOURCE_MICROPHONE'|'TRACK_SOURCE_CAMERA'|'TRACK_SOURCE_SCREEN'} Source */

export const MICROPHONE = 'TRACK_SOURCE_MICROPHONE';
export const CAMERA = 'TRACK_SOURCE_CAMERA';
export const SCREEN = 'TRACK_SOURCE_SCREEN';

/**
 * What is sent of each source, with upper bounds in bit/s. Of a camera everybody gets the layer that fits tile and network.
 * A screen has to be sharp: a smaller one would not be read.
 */
const ENCODINGS = {
  [MICROPHONE]: [{ maxBitrate: 48_000 }],
  [CAMERA]: [
    { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
    { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 450_000 },
    { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
  ],
  [SCREEN]: [{ maxBitrate: 2_500_000 }],
};
/** How long a connection may be interrupted before ICE is restarted, in milliseconds. */
const INTERRUPTION_MS = 4_000;
/** Pause before ICE is restarted after it failed, in milliseconds; doubled each time, up to the second figure. */
const RESTART_MS = [250, 8_000];

/**
 * A transceiver that receives. It is used for one track after the other; free again once it is inactive on both sides.
 * @typedef {{transceiver: RTCRtpTransceiver, kind: 'audio'|'video', trackId: string|null}} Slot
 */

/**
 * What is wanted of an own source: whether anybody watches it, and which of its layers.
 * @typedef {{trackId: string, watched: boolean, rids: string[]}} Demand
 */

/**
 * Events:
 * - `state` (`detail: {state}`): `RTCPeerConnectionState`
 * - `trouble` (`detail: {error}`): an offer was refused
 */
export class Media extends EventTarget {
  #offerer;
  #pc;
  /** @type {Map<Source, RTCRtpTransceiver>} */
  #sending = new Map();
  /** @type {Slot[]} */
  #receiving = [];
  #wanted = false;
  #negotiating = false;
  #closed = false;
  #restartTimer = 0;
  #failures = 0;
  /** What is wanted of own sources, by mid. @type {Map<string, Demand>} */
  #demands = new Map();
  /** Tracks that are published no more. @type {Set<string>} */
  #retired = new Set();
  /** Changes of one sender run one after the other. @type {Map<RTCRtpTransceiver, Promise<void>>} */
  #adjusting = new Map();

  /**
   * @param {(offer: {sdp: string, sections: object[]}) => Promise<{sdp: string, missingTracks?: string[]}>} offerer
   *   carries an offer to the service and returns its answer
   */
  constructor(offerer) {
    super();
    this.#offerer = offerer;
    this.#pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.#pc.addEventListener('connectionstatechange', () => this.#watch());
    this.#pc.addEventListener('iceconnectionstatechange', () => this.#watch());
  }

  /** The connection itself, for statistics. */
  get pc() {
    return this.#pc;
  }

  /** @returns {RTCPeerConnectionState} */
  get state() {
    return this.#pc.connectionState;
  }

  /**
   * Sends `track` as `source`; `null` stops sending it. Another track in place of one that is being sent (a change of
   * the device) needs no negotiation.
   *
   * @param {Source} source
   * @param {MediaStreamTrack|null} track
   */
  async publish(source, track) {
    if (this.#closed) return;
    const transceiver = this.#sending.get(source);
    if (!transceiver) {
      if (!track) return;
      this.#sending.set(
        source,
        this.#pc.addTransceiver(track, {
          direction: 'sendonly',
          streams: [new MediaStream()],
          sendEncodings: ENCODINGS[source],
        }),
      );
      this.#renegotiate();
      return;
    }
    const direction = track ? 'sendonly' : 'inactive';
    if (transceiver.direction !== direction) {
      transceiver.direction = direction;
      this.#startOver(transceiver);
      this.#renegotiate();
    }
    if (transceiver.sender.track !== track) await transceiver.sender.replaceTrack(track);
  }

  /**
   * Sends no more of a source than is wanted.
   *
   * @param {string} mid of the section that publishes it
   * @param {Demand} demand
   */
  demand(mid, demand) {
    const transceiver = [...this.#sending.values()].find((one) => one.mid === mid);
    // One that has crossed with the end of its track says nothing of the next.
    if (this.#closed || !transceiver || this.#retired.has(demand.trackId)) return;
    this.#demands.set(mid, demand);
    this.#adjust(transceiver);
  }

  /**
   * Receives exactly these tracks.
   *
   * @param {Iterable<{id: string, kind: 'audio'|'video'}>} tracks
   */
  receive(tracks) {
    if (this.#closed) return;
    const wanted = new Map([...tracks].map((track) => [track.id, track]));
    let changed = false;
    for (const slot of this.#receiving) {
      if (slot.trackId === null) continue;
      if (wanted.has(slot.trackId)) wanted.delete(slot.trackId);
      else {
        this.#release(slot);
        changed = true;
      }
    }
    for (const track of wanted.values()) {
      this.#assign(track);
      changed = true;
    }
    if (changed) this.#renegotiate();
  }

  /**
   * The media of a track that is being received.
   * @param {string} trackId
   * @returns {MediaStreamTrack|null}
   */
  track(trackId) {
    return this.#receiving.find((slot) => slot.trackId === trackId)?.transceiver.receiver.track ?? null;
  }

  /** Starts over with new addresses, for example after the network changed. */
  restart() {
    if (this.#closed) return;
    this.#pc.restartIce();
    this.#renegotiate();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    this.#pc.close();
  }

  /** What is published anew is wanted whole until the service says otherwise. */
  #startOver(transceiver) {
    const before = this.#demands.get(transceiver.mid);
    if (!before) return;
    this.#retired.add(before.trackId);
    this.#demands.delete(transceiver.mid);
    this.#adjust(transceiver);
  }

  /** Brings the layers of a source in line with what is wanted of it. */
  #adjust(transceiver) {
    const adjust = async () => {
      if (this.#closed) return;
      const { watched, rids } = this.#demands.get(transceiver.mid) ?? { watched: true, rids: [] };
      const parameters = transceiver.sender.getParameters();
      const wanted = ({ rid }) => watched && (!rid || rids.length === 0 || rids.includes(rid));
      if (parameters.encodings.every((encoding) => encoding.active === wanted(encoding))) return;
      for (const encoding of parameters.encodings) encoding.active = wanted(encoding);
      await transceiver.sender.setParameters(parameters);
    };
    const before = this.#adjusting.get(transceiver) ?? Promise.resolve();
    const failed = (error) => console.error('layers', error);
    this.#adjusting.set(transceiver, before.then(adjust).catch(failed));
  }

  #assign({ id, kind }) {
    const free = this.#receiving.find(
      (slot) => slot.trackId === null && slot.kind === kind && slot.transceiver.currentDirection === 'inactive',
    );
    if (free) {
      free.trackId = id;
      free.transceiver.direction = 'recvonly';
      return;
    }
    const transceiver = this.#pc.addTransceiver(kind, { direction: 'recvonly' });
    this.#receiving.push({ transceiver, kind, trackId: id });
  }

  #release(slot) {
    slot.trackId = null;
    slot.transceiver.direction = 'inactive';
  }

  #renegotiate() {
    this.#wanted = true;
    if (!this.#negotiating) this.#negotiate();
  }

  async #negotiate() {
    this.#negotiating = true;
    // One turn later, so that several changes in a row make one offer.
    await Promise.resolve();
    while (this.#wanted && !this.#closed) {
      this.#wanted = false;
      try {
        await this.#exchange();
      } catch (error) {
        if (this.#closed || error instanceof SessionOver) break;
        this.dispatchEvent(new CustomEvent('trouble', { detail: { error } }));
        if (this.#pc.signalingState === 'have-local-offer') await this.#pc.setLocalDescription({ type: 'rollback' });
      }
    }
    this.#negotiating = false;
  }

  /** One offer and its answer. */
  async #exchange() {
    await this.#pc.setLocalDescription(await this.#pc.createOffer());
    const { sdp } = this.#pc.localDescription;
    const answer = await this.#offerer({ sdp, sections: this.#sections(sdp) });
    if (this.#closed) return;
    await this.#pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    for (const missing of answer.missingTracks ?? []) {
      const slot = this.#receiving.find(({ trackId }) => trackId === missing);
      if (!slot) continue;
      this.#release(slot);
      this.#wanted = true;
    }
  }

  /**
   * Says what each active section of the offer is for. Directions are read from the offer itself: a transceiver may
   * have changed again while it was being made, which the next offer will tell.
   */
  #sections(sdp) {
    const purposes = new Map();
    for (const [source, { mid }] of this.#sending) if (mid !== null) purposes.set(mid, { publish: source });
    for (const { transceiver, trackId } of this.#receiving) {
      // A track that went away while the offer was made is asked for under an id that no track has.
      if (transceiver.mid !== null) purposes.set(transceiver.mid, { subscribe: trackId ?? '0' });
    }
    const sections = [];
    for (const part of sdp.split(/^m=/m).slice(1)) {
      const mid = /^a=mid:(\S+)/m.exec(part)?.[1];
      const active = /^a=(?:sendonly|recvonly|sendrecv)\s*$/m.test(part);
      if (mid !== undefined && active && purposes.has(mid)) sections.push({ mid, ...purposes.get(mid) });
    }
    return sections;
  }

  #watch() {
    const { connectionState, iceConnectionState } = this.#pc;
    clearTimeout(this.#restartTimer);
    if (connectionState === 'connected') this.#failures = 0;
    if (connectionState === 'failed' || iceConnectionState === 'failed') {
      const pause = Math.min(RESTART_MS[0] * 2 ** this.#failures, RESTART_MS[1]);
      this.#restartTimer = setTimeout(() => {
        this.#failures += 1;
        this.restart();
      }, pause);
    } else if (iceConnectionState === 'disconnected') {
      this.#restartTimer = setTimeout(() => this.restart(), INTERRUPTION_MS);
    }
    this.dispatchEvent(new CustomEvent('state', { detail: { state: connectionState } }));
  }
}
