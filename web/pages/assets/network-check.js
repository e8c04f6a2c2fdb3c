/**
 * The network check before a call: whether the service is reached, how far away it is, and whether media gets through,
 * over UDP or only over TCP. Knows nothing of the page.
 * @module network-check
 */

import { RequestRefused, Signaling } from './session.js';
import { summarize } from './statistics.js';

/** Plain requests whose fastest one tells the round trip. */
const PROBES = 4;
const PROBE_TIMEOUT_MS = 5_000;
/** For the signaling session. */
const SESSION_MS = 10_000;
/** For ICE and DTLS of the connection that carries nothing. */
const MEDIA_MS = 12_000;
/** The round trip is read this often, and this many times, in milliseconds. */
const SAMPLE_MS = 400;
const SAMPLES = 5;
/** Round trips above these are fair, and poor, in milliseconds. */
const LIMITS_MS = [200, 400];

/**
 * @typedef {object} Outcome
 * @property {boolean} reachable whether the service answers at all
 * @property {number|null} signalingRtt ms
 * @property {boolean} session whether signaling (WebSocket) gets through
 * @property {'udp'|'tcp'|'none'|null} media how media gets through; null: the service cannot tell, or no token
 * @property {number|null} mediaRtt ms
 * @property {'good'|'fair'|'poor'|'failed'} verdict
 * @property {'fine'|'slow'|'far'|'tcp'|'no-media'|'no-session'|'unreachable'} reason what the verdict is for
 */

/**
 * @param {object} options
 * @param {string} options.url of the signaling WebSocket
 * @param {() => Promise<string>} options.token access token, asked for when the service has answered
 * @param {AbortSignal} [options.signal]
 * @param {(step: 'service'|'signaling'|'media') => void} [options.onStep] what is being looked at
 * @returns {Promise<Outcome>}
 * @throws {DOMException} `AbortError`
 */
export async function checkNetwork({ url, token, signal, onStep = () => {} }) {
  const outcome = { reachable: false, signalingRtt: null, session: false, media: null, mediaRtt: null };
  onStep('service');
  outcome.signalingRtt = await roundTrip(signal);
  outcome.reachable = outcome.signalingRtt !== null;
  if (outcome.reachable) {
    onStep('signaling');
    let key = null;
    try {
      key = await token();
    } catch {
      // No token, no session: what is known so far has to do.
    }
    signal?.throwIfAborted();
    if (key === null) outcome.session = true;
    else await throughSignaling(outcome, { url, token: key, signal, onStep });
  }
  return { ...outcome, ...verdict(outcome) };
}

/**
 * What the figures mean.
 * @param {Omit<Outcome, 'verdict'|'reason'>} outcome
 * @returns {Pick<Outcome, 'verdict'|'reason'>}
 */
export function verdict({ reachable, signalingRtt, session, media, mediaRtt }) {
  if (!reachable) return { verdict: 'failed', reason: 'unreachable' };
  if (!session) return { verdict: 'failed', reason: 'no-session' };
  if (media === 'none') return { verdict: 'failed', reason: 'no-media' };
  const trip = mediaRtt ?? signalingRtt ?? 0;
  if (trip > LIMITS_MS[1]) return { verdict: 'poor', reason: 'far' };
  if (media === 'tcp') return { verdict: 'fair', reason: 'tcp' };
  if (trip > LIMITS_MS[0]) return { verdict: 'fair', reason: 'slow' };
  return { verdict: 'good', reason: 'fine' };
}

/** The fastest of some requests, in ms; null when none is answered. The first one also pays for the connection. */
async function roundTrip(signal) {
  let best = null;
  for (let probe = 0; probe < PROBES; probe += 1) {
    const start = performance.now();
    const late = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    try {
      const response = await fetch('/healthz', { cache: 'no-store', signal: signal ? AbortSignal.any([signal, late]) : late });
      await response.text();
      const took = Math.round(timed(response.url, start) ?? performance.now() - start);
      best = best === null ? took : Math.min(best, took);
    } catch {
      signal?.throwIfAborted();
      return best;
    }
  }
  return best;
}

/** What the browser's own clock says: a busy page answers late, and the network is not to blame. In ms. */
function timed(url, since) {
  const entry = performance.getEntriesByName(url, 'resource').findLast(({ startTime }) => startTime >= since);
  performance.clearResourceTimings();
  const took = entry ? entry.responseStart - entry.requestStart : 0;
  return took > 0 ? took : null;
}

async function throughSignaling(outcome, { url, token, signal, onStep }) {
  const signaling = new Signaling({ url, token });
  let refused = false;
  try {
    outcome.session = await within(SESSION_MS, signal, (resolve) => {
      signaling.addEventListener('session', () => resolve(true));
      // A token that is refused is no matter of the network.
      signaling.addEventListener('message', ({ detail }) => {
        if (detail.kind !== 'denied' && detail.kind !== 'ended') return;
        refused = true;
        resolve(true);
      });
      signaling.addEventListener('lost', () => resolve(false));
      signaling.connect();
    }, false);
    if (!outcome.session || refused) return;
    onStep('media');
    await throughMedia(outcome, signaling, signal);
  } finally {
    signaling.close();
  }
}

async function throughMedia(outcome, signaling, signal) {
  const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  try {
    // A section that carries nothing is enough for ICE and DTLS.
    pc.addTransceiver('audio', { direction: 'recvonly' });
    await pc.setLocalDescription(await pc.createOffer());
    let answer;
    try {
      answer = await within(SESSION_MS, signal, (resolve, reject) => {
        signaling.request('preflight', { sdp: pc.localDescription.sdp }).then(resolve, reject);
      }, null);
    } catch (error) {
      // A service that does not know the request: nothing is known of media.
      if (error instanceof RequestRefused) return;
      throw error;
    }
    const sdp = answer?.body?.sdp;
    if (!sdp) return;
    const connected = within(MEDIA_MS, signal, (resolve) => {
      const look = () => {
        if (pc.connectionState === 'connected') resolve(true);
        if (pc.connectionState === 'failed') resolve(false);
      };
      pc.addEventListener('connectionstatechange', look);
    }, false);
    await pc.setRemoteDescription({ type: 'answer', sdp });
    if (!(await connected)) {
      outcome.media = 'none';
      return;
    }
    await measure(outcome, pc, signal);
  } finally {
    pc.close();
  }
}

async function measure(outcome, pc, signal) {
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const { connection } = summarize(await pc.getStats());
    outcome.media = connection.protocol === 'tcp' ? 'tcp' : 'udp';
    if (connection.rtt !== null) outcome.mediaRtt = Math.min(outcome.mediaRtt ?? Infinity, connection.rtt);
    if (sample + 1 < SAMPLES) await within(SAMPLE_MS, signal, () => {}, null);
  }
}

/** A promise that gives `otherwise` after some time, and ends with the signal. */
function within(milliseconds, signal, run, otherwise) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const late = setTimeout(() => settle(resolve, otherwise), milliseconds);
    function settle(how, value) {
      clearTimeout(late);
      signal?.removeEventListener('abort', abort);
      how(value);
    }
    signal?.throwIfAborted();
    signal?.addEventListener('abort', abort);
    run((value) => settle(resolve, value), (error) => settle(reject, error));
  });
}
