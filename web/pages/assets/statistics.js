/**
 * What the browser's figures about a media connection say, in units people use. Pure: reports go in, numbers come out.
 * @module statistics
 */

/** 3 good, 2 fair, 1 poor, 0 not known. @typedef {0|1|2|3} Level */

/** Above these a connection is fair, and poor. Round trip in ms, loss as a share of the packets. */
const LIMITS = { rtt: [250, 500], loss: [0.02, 0.08], jitter: [50, 120] };

/**
 * One stream of packets.
 * @typedef {object} Stream
 * @property {string} id
 * @property {'in'|'out'} direction
 * @property {'audio'|'video'} kind
 * @property {string} track id of the `MediaStreamTrack`
 * @property {string} codec "VP8", "opus"; empty when not known
 * @property {number|null} bitrate bit/s since the report before
 * @property {number|null} loss 0 to 1, of the packets since the report before
 * @property {number|null} jitter ms
 * @property {number|null} rtt ms, outgoing streams only
 * @property {number|null} width pixels
 * @property {number|null} height pixels
 * @property {number|null} fps
 * @property {string} layer rid of a simulcast layer
 * @property {string} limited by what the sender is limited: "cpu", "bandwidth", or nothing
 *
 * @typedef {object} Summary
 * @property {number} at Unix milliseconds
 * @property {{state: string, rtt: number|null, available: number|null, received: number|null, sent: number|null,
 *   protocol: string, local: string, remote: string, relayed: boolean}} connection bit/s, ms; `local` and `remote` are
 *   types of candidates
 * @property {Stream[]} streams
 */

/**
 * @param {RTCStatsReport|Map<string, any>} report
 * @param {RTCStatsReport|Map<string, any>|null} before the report some seconds ago: what is counted is shown per second
 * @param {string} [state] of the connection
 * @returns {Summary}
 */
export function summarize(report, before = null, state = '') {
  const entries = [...report.values()];
  const pair = selectedPair(entries, report);
  const local = report.get(pair?.localCandidateId);
  const remote = report.get(pair?.remoteCandidateId);
  return {
    at: Math.round(pair?.timestamp ?? entries[0]?.timestamp ?? 0),
    connection: {
      state,
      rtt: milliseconds(pair?.currentRoundTripTime) ?? remoteRtt(entries),
      available: number(pair?.availableOutgoingBitrate),
      received: rate(pair, before?.get(pair?.id), 'bytesReceived'),
      sent: rate(pair, before?.get(pair?.id), 'bytesSent'),
      protocol: local?.relayProtocol ?? local?.protocol ?? '',
      local: local?.candidateType ?? '',
      remote: remote?.candidateType ?? '',
      relayed: local?.candidateType === 'relay',
    },
    streams: entries
      .filter(({ type }) => type === 'inbound-rtp' || type === 'outbound-rtp')
      .map((entry) => stream(entry, report, before)),
  };
}

/**
 * How well something comes through.
 *
 * @param {{rtt?: number|null, loss?: number|null, jitter?: number|null}} figures
 * @returns {Level} 0 without any figure
 */
export function judge(figures) {
  let level = 0;
  for (const [name, [fair, poor]] of Object.entries(LIMITS)) {
    const value = figures[name];
    if (value === null || value === undefined) continue;
    const one = value > poor ? 1 : value > fair ? 2 : 3;
    level = level === 0 ? one : Math.min(level, one);
  }
  return level;
}

function stream(entry, report, before) {
  const old = before?.get(entry.id);
  const incoming = entry.type === 'inbound-rtp';
  const far = report.get(entry.remoteId);
  const source = report.get(entry.mediaSourceId);
  const codec = report.get(entry.codecId)?.mimeType ?? '';
  return {
    id: entry.id,
    direction: incoming ? 'in' : 'out',
    kind: entry.kind ?? entry.mediaType ?? '',
    track: entry.trackIdentifier ?? source?.trackIdentifier ?? '',
    codec: codec.split('/')[1] ?? '',
    bitrate: rate(entry, old, incoming ? 'bytesReceived' : 'bytesSent'),
    loss: incoming ? lossSince(entry, old) : number(far?.fractionLost),
    jitter: milliseconds(incoming ? entry.jitter : far?.jitter),
    rtt: incoming ? null : milliseconds(far?.roundTripTime),
    width: number(entry.frameWidth),
    height: number(entry.frameHeight),
    fps: number(entry.framesPerSecond),
    layer: entry.rid ?? '',
    limited: ['cpu', 'bandwidth'].includes(entry.qualityLimitationReason) ? entry.qualityLimitationReason : '',
  };
}

/** Chromium names it at the transport, Firefox on the pair itself. */
function selectedPair(entries, report) {
  const transport = entries.find(({ type, selectedCandidatePairId }) => type === 'transport' && selectedCandidatePairId);
  if (transport) return report.get(transport.selectedCandidatePairId);
  return (
    entries.find(({ type, selected }) => type === 'candidate-pair' && selected) ??
    entries.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded')
  );
}

/** Firefox has no round trip on the pair, but in receivers' reports. */
function remoteRtt(entries) {
  const found = entries.filter(({ type, roundTripTime }) => type === 'remote-inbound-rtp' && roundTripTime > 0);
  return found.length > 0 ? milliseconds(Math.min(...found.map(({ roundTripTime }) => roundTripTime))) : null;
}

function rate(entry, old, name) {
  const seconds = old ? (entry.timestamp - old.timestamp) / 1000 : 0;
  const bytes = old ? entry[name] - old[name] : NaN;
  return seconds > 0 && bytes >= 0 ? Math.round((bytes * 8) / seconds) : null;
}

function lossSince(entry, old) {
  const lost = Math.max(0, (entry.packetsLost ?? 0) - (old?.packetsLost ?? 0));
  const received = Math.max(0, (entry.packetsReceived ?? 0) - (old?.packetsReceived ?? 0));
  return lost + received > 0 ? lost / (lost + received) : null;
}

function milliseconds(seconds) {
  return typeof seconds === 'number' && Number.isFinite(seconds) ? Math.round(seconds * 1000) : null;
}

function number(value) {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
