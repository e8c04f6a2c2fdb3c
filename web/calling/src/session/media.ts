/**
 * The media connection: one RTCPeerConnection to the service for everything that is sent and received.
 *
 * Only this side makes offers, one at a time. What is wanted (own sources, tracks of others) may change at any moment;
 * the loop in `#negotiate` brings the connection there step by step.
 */

import type { Answer, Section, Source } from './messages.js';
import { SessionOver } from './signaling.js';

export const MICROPHONE: Source = 'TRACK_SOURCE_MICROPHONE';
export const CAMERA: Source = 'TRACK_SOURCE_CAMERA';
export const SCREEN: Source = 'TRACK_SOURCE_SCREEN';

/**
 * What is sent of each source, with upper bounds in bit/s. Of a camera everybody gets the layer that fits tile and network.
 * A screen has to be sharp: a smaller one would not be read.
 */
const ENCODINGS: Record<Source, RTCRtpEncodingParameters[]> = {
  TRACK_SOURCE_MICROPHONE: [{ maxBitrate: 48_000 }],
  TRACK_SOURCE_CAMERA: [
    { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
    { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 450_000 },
    { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
  ],
  TRACK_SOURCE_SCREEN: [{ maxBitrate: 4_000_000 }],
};
/** What matters of a picture when there is not enough network for all of it. */
const HINTS: Partial<Record<Source, string>> = { TRACK_SOURCE_CAMERA: 'motion', TRACK_SOURCE_SCREEN: 'detail' };
/**
 * Sections of a kind that receive, at most. The service reads descriptions up to 128 KiB, and one that is not used any more
 * stays in them: what goes beyond waits until others are free.
 */
const MAX_SLOTS = { audio: 36, video: 28 } as const;
/**
 * An offer and its answer keep the page busy for longer the more sections there are: a connection with more than the first
 * figure of them rests between two exchanges, the second figure of milliseconds for each section beyond.
 */
const REST = { free: 16, msPerSection: 8 } as const;
/** How long a connection may be interrupted before ICE is restarted, in milliseconds. */
const INTERRUPTION_MS = 4_000;
/** Pause before ICE is restarted after it failed, in milliseconds; doubled each time, up to the second figure. */
const RESTART_MS = [250, 8_000] as const;

/** What is received, as far as this module cares. */
export interface Received {
  id: string;
  kind: 'audio' | 'video';
}

/** A transceiver that receives. It is used for one track after the other; free again once inactive on both sides. */
interface Slot {
  transceiver: RTCRtpTransceiver;
  kind: 'audio' | 'video';
  trackId: string | null;
}

/** What is wanted of an own source: whether anybody watches it, and which of its layers. */
export interface Demand {
  trackId: string;
  watched: boolean;
  rids: string[];
}

/** Upper bounds on what is sent of a source; without effect where what is sent anyway is less. */
export interface SendLimits {
  /** In bit/s. */
  bitrate?: number;
  /** Of the largest picture, in pixels. */
  height?: number;
  /** Pictures a second. */
  frameRate?: number;
}

/** The way to the service. */
export interface Negotiator {
  /** Carries an offer there and returns its answer. */
  offer(offer: { sdp: string; sections: Section[] }): Promise<Answer>;
  /** Says that the answer was set: what is new in it comes from then on. */
  confirm(): void;
}

/**
 * Events:
 * - `state` (`detail: {state}`): `RTCPeerConnectionState`
 * - `received`: a track that had to wait has its media now
 * - `trouble` (`detail: {error}`): an offer was refused
 */
export class Media extends EventTarget {
  #service: Negotiator;
  #pc: RTCPeerConnection;
  #sending = new Map<Source, RTCRtpTransceiver>();
  #receiving: Slot[] = [];
  /** The slots in use, by track. */
  #byTrack = new Map<string, Slot>();
  #wanted = false;
  #negotiating = false;
  /** Unix milliseconds from which on the next offer may be made. */
  #rested = 0;
  #closed = false;
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** Tracks for which there is no free slot yet. */
  #queued = new Map<string, Received>();
  #limits = new Map<Source, SendLimits>();
  /** What is wanted of own sources, by mid. */
  #demands = new Map<string, Demand>();
  /** Tracks that are published no more. */
  #retired = new Set<string>();
  /** Changes of one sender run one after the other. */
  #adjusting = new Map<RTCRtpTransceiver, Promise<void>>();

  constructor(service: Negotiator) {
    super();
    this.#service = service;
    this.#pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.#pc.addEventListener('connectionstatechange', () => this.#watch());
    this.#pc.addEventListener('iceconnectionstatechange', () => this.#watch());
  }

  /** The connection itself, for statistics. */
  get pc(): RTCPeerConnection {
    return this.#pc;
  }

  get state(): RTCPeerConnectionState {
    return this.#pc.connectionState;
  }

  /**
   * Sends `track` as `source`; `null` stops sending it. Another track in place of one that is being sent (a change of
   * the device) needs no negotiation.
   */
  async publish(source: Source, track: MediaStreamTrack | null): Promise<void> {
    if (this.#closed) return;
    hint(source, track);
    const transceiver = this.#sending.get(source);
    if (!transceiver) {
      if (!track) return;
      this.#sending.set(
        source,
        this.#pc.addTransceiver(track, {
          direction: 'sendonly',
          streams: [new MediaStream()],
          sendEncodings: ENCODINGS[source].map((encoding) => ({ ...encoding })),
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
    if (transceiver.sender.track === track) return;
    await transceiver.sender.replaceTrack(track);
    // Another device has pictures of another size.
    if (track && this.#limits.has(source)) this.#adjust(transceiver);
  }

  /** Sends no more of a source than this, until other limits are set. */
  limit(source: Source, limits: SendLimits): void {
    this.#limits.set(source, limits);
    const transceiver = this.#sending.get(source);
    if (transceiver) this.#adjust(transceiver);
  }

  /** Sends no more of the source that section `mid` publishes than is wanted. */
  demand(mid: string, demand: Demand): void {
    const transceiver = [...this.#sending.values()].find((one) => one.mid === mid);
    // One that has crossed with the end of its track says nothing of the next.
    if (this.#closed || !transceiver || this.#retired.has(demand.trackId)) return;
    this.#demands.set(mid, demand);
    this.#adjust(transceiver);
  }

  /** Receives exactly these tracks. */
  receive(tracks: Iterable<Received>): void {
    if (this.#closed) return;
    const wanted = new Map([...tracks].map((track) => [track.id, track]));
    let changed = false;
    for (const id of [...this.#queued.keys()]) if (!wanted.has(id)) this.#queued.delete(id);
    for (const [id, slot] of [...this.#byTrack]) {
      if (wanted.delete(id)) continue;
      this.#release(slot);
      changed = true;
    }
    for (const track of wanted.values()) if (this.#assign(track)) changed = true;
    if (changed) this.#renegotiate();
  }

  /** The media of a track that is being received. */
  track(trackId: string): MediaStreamTrack | null {
    return this.#byTrack.get(trackId)?.transceiver.receiver.track ?? null;
  }

  /** Where a track is received, for statistics. */
  receiver(trackId: string): RTCRtpReceiver | null {
    return this.#byTrack.get(trackId)?.transceiver.receiver ?? null;
  }

  /** What sends a source, for statistics. */
  sender(source: Source): RTCRtpSender | null {
    return this.#sending.get(source)?.sender ?? null;
  }

  /** Starts over with new addresses, for example after the network changed. */
  restart(): void {
    if (this.#closed) return;
    this.#pc.restartIce();
    this.#renegotiate();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    this.#pc.close();
  }

  /** What is published anew is wanted whole until the service says otherwise. */
  #startOver(transceiver: RTCRtpTransceiver): void {
    const { mid } = transceiver;
    const before = mid === null ? undefined : this.#demands.get(mid);
    if (mid === null || !before) return;
    this.#retired.add(before.trackId);
    this.#demands.delete(mid);
    this.#adjust(transceiver);
  }

  /** Brings the layers of a source in line with what is wanted of it. */
  #adjust(transceiver: RTCRtpTransceiver): void {
    const adjust = async () => {
      if (this.#closed) return;
      const demand = transceiver.mid === null ? undefined : this.#demands.get(transceiver.mid);
      const { watched, rids }: Pick<Demand, 'watched' | 'rids'> = demand ?? { watched: true, rids: [] };
      const parameters = transceiver.sender.getParameters();
      const wanted = ({ rid }: RTCRtpEncodingParameters) => watched && (!rid || rids.length === 0 || rids.includes(rid));
      const before = JSON.stringify(parameters.encodings);
      for (const encoding of parameters.encodings) encoding.active = wanted(encoding);
      this.#applyLimits(transceiver, parameters.encodings);
      if (JSON.stringify(parameters.encodings) !== before) await transceiver.sender.setParameters(parameters);
    };
    const before = this.#adjusting.get(transceiver) ?? Promise.resolve();
    const failed = (error: unknown) => console.error('layers', error);
    this.#adjusting.set(transceiver, before.then(adjust).catch(failed));
  }

  #applyLimits(transceiver: RTCRtpTransceiver, encodings: RTCRtpEncodingParameters[]): void {
    const source = [...this.#sending].find(([, one]) => one === transceiver)?.[0];
    const limits = source && this.#limits.get(source);
    if (!source || !limits) return;
    const height = transceiver.sender.track?.getSettings().height ?? 0;
    const shrink = limits.height && height > limits.height ? height / limits.height : 1;
    for (const [at, encoding] of encodings.entries()) {
      const usual = ENCODINGS[source][at];
      encoding.maxBitrate = Math.min(usual?.maxBitrate ?? Infinity, limits.bitrate ?? Infinity);
      if (source !== MICROPHONE) encoding.scaleResolutionDownBy = Math.max(usual?.scaleResolutionDownBy ?? 1, shrink);
      if (limits.frameRate) encoding.maxFramerate = limits.frameRate;
      else delete encoding.maxFramerate;
    }
  }

  /** @returns whether it has a slot now */
  #assign(track: Received): boolean {
    const { id, kind } = track;
    let slot = this.#receiving.find(
      (one) => one.trackId === null && one.kind === kind && one.transceiver.currentDirection === 'inactive',
    );
    if (slot) {
      slot.trackId = id;
      slot.transceiver.direction = 'recvonly';
    } else {
      if (this.#receiving.filter((one) => one.kind === kind).length >= MAX_SLOTS[kind]) {
        this.#queued.set(id, track);
        return false;
      }
      slot = { transceiver: this.#pc.addTransceiver(kind, { direction: 'recvonly' }), kind, trackId: id };
      if (kind === 'video') fewerCodecs(slot.transceiver);
      this.#receiving.push(slot);
    }
    this.#queued.delete(id);
    this.#byTrack.set(id, slot);
    return true;
  }

  /** Gives slots that have become free to those who wait for one. */
  #assignQueued(): void {
    const before = this.#queued.size;
    for (const track of [...this.#queued.values()]) this.#assign(track);
    if (this.#queued.size === before) return;
    this.#wanted = true;
    this.dispatchEvent(new CustomEvent('received', { detail: {} }));
  }

  #release(slot: Slot): void {
    if (slot.trackId !== null) this.#byTrack.delete(slot.trackId);
    slot.trackId = null;
    slot.transceiver.direction = 'inactive';
  }

  #renegotiate(): void {
    this.#wanted = true;
    if (!this.#negotiating) void this.#negotiate();
  }

  async #negotiate(): Promise<void> {
    this.#negotiating = true;
    // One turn later, so that several changes in a row make one offer.
    await Promise.resolve();
    while (this.#wanted && !this.#closed) {
      await this.#rest();
      if (this.#closed) break;
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

  /** In a large meeting somebody comes or goes all the time: what comes together makes one offer. */
  async #rest(): Promise<void> {
    const pause = this.#rested - Date.now();
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }

  /** One offer and its answer. */
  async #exchange(): Promise<void> {
    await this.#pc.setLocalDescription(await this.#pc.createOffer());
    const sdp = this.#pc.localDescription?.sdp ?? '';
    const answer = await this.#service.offer({ sdp, sections: this.#sections(sdp) });
    if (this.#closed) return;
    await this.#pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp ?? '' });
    // Not before: Firefox gives packets of a new section to an older one that has been silent so far, for good.
    this.#service.confirm();
    const sections = this.#sending.size + this.#receiving.length;
    this.#rested = Date.now() + Math.max(sections - REST.free, 0) * REST.msPerSection;
    for (const missing of answer.missingTracks ?? []) {
      const slot = this.#byTrack.get(missing);
      if (!slot) continue;
      this.#release(slot);
      this.#wanted = true;
    }
    this.#assignQueued();
  }

  /**
   * Says what each active section of the offer is for. Directions are read from the offer itself: a transceiver may
   * have changed again while it was being made, which the next offer will tell.
   */
  #sections(sdp: string): Section[] {
    const purposes = new Map<string, { publish: Source } | { subscribe: string }>();
    for (const [source, { mid }] of this.#sending) if (mid !== null) purposes.set(mid, { publish: source });
    for (const { transceiver, trackId } of this.#receiving) {
      // A track that went away while the offer was made is asked for under an id that no track has, and no other section.
      if (transceiver.mid !== null) purposes.set(transceiver.mid, { subscribe: trackId ?? `gone-${transceiver.mid}` });
    }
    const sections: Section[] = [];
    for (const part of sdp.split(/^m=/m).slice(1)) {
      const mid = /^a=mid:(\S+)/m.exec(part)?.[1];
      const active = /^a=(?:sendonly|recvonly|sendrecv)\s*$/m.test(part);
      const purpose = mid === undefined ? undefined : purposes.get(mid);
      if (mid !== undefined && active && purpose) sections.push({ mid, ...purpose });
    }
    return sections;
  }

  #watch(): void {
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

/** Unless whoever made the track knows better. */
function hint(source: Source, track: MediaStreamTrack | null): void {
  const wanted = HINTS[source];
  if (track && wanted && 'contentHint' in track && track.contentHint === '') track.contentHint = wanted;
}

/** Offers no more codecs than the service forwards, each once: with all that a browser knows, few sections fit an offer. */
function fewerCodecs(transceiver: RTCRtpTransceiver): void {
  const known = RTCRtpReceiver.getCapabilities?.('video')?.codecs;
  if (!known || typeof transceiver.setCodecPreferences !== 'function') return;
  const useful = known.filter(({ mimeType, sdpFmtpLine = '' }) => {
    switch (mimeType.toLowerCase()) {
      case 'video/vp8':
      case 'video/rtx':
        return true;
      case 'video/vp9':
        return !/profile-id=[1-9]/.test(sdpFmtpLine);
      case 'video/h264':
        return /packetization-mode=1/.test(sdpFmtpLine) && !/profile-level-id=(?!42)/.test(sdpFmtpLine);
      case 'video/av1':
        return !/(?:^|;)\s*profile=[1-9]/.test(sdpFmtpLine);
      default:
        return false;
    }
  });
  try {
    if (useful.some(({ mimeType }) => mimeType.toLowerCase() !== 'video/rtx')) transceiver.setCodecPreferences(useful);
  } catch {
    // Then it is a longer offer.
  }
}
