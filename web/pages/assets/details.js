/**
 * The figures of a call for those who want to know: read every two seconds while the panel is open, and to be copied.
 * @module details
 */

import { toast } from './announce.js';
import { openSheet } from './sheet.js';
import { h, setText } from './dom.js';
import { formatNumber, t, textId } from './i18n.js';
import { icon } from './icons.js';
import { qualityMark, qualityText, showQuality } from './quality.js';
import { judge, summarize } from './statistics.js';

const EVERY_MS = 2_000;
/** What is shown of a stream, in this order. */
const COLUMNS = [
  textId('call-details-track'),
  textId('call-details-bitrate'),
  textId('call-details-picture'),
  textId('call-details-loss'),
  textId('call-details-jitter'),
  textId('call-details-rtt'),
  textId('call-details-codec'),
];
/** More streams than this are in the copy only. */
const ROWS = 40;

/**
 * @param {import('./session.js').Conference} call
 * @returns {() => void} closes it
 */
export function openDetails(call) {
  const mark = qualityMark();
  const verdict = h('span', { text: t('call-details-measuring') });
  const facts = h('dl', { class: 'details-facts' });
  const head = h('thead', {}, h('tr', {}, ...COLUMNS.map((id) => h('th', { scope: 'col', text: t(id) }))));
  const rows = h('tbody');
  const copy = h('button', { type: 'button', class: 'small', testid: 'details-copy', on: { click: () => copyOf(latest) } }, icon('copy'), t('call-details-copy'));
  const dialog = openSheet({
    title: t('call-details'),
    testid: 'details',
    class: 'details',
    modal: false,
    content: [
      h('p', { class: 'details-verdict' }, mark, verdict, copy),
      facts,
      h('div', { class: 'details-table', tabindex: 0, role: 'region', 'aria-label': t('call-details-streams') }, h('table', { testid: 'details-table' }, head, rows)),
    ],
    closed: () => clearInterval(timer),
  });
  /** @type {RTCStatsReport|null} */
  let before = null;
  let from = null;
  let latest = null;
  const timer = setInterval(() => look().catch(() => {}), EVERY_MS);
  look().catch(() => {});

  async function look() {
    const { pc } = call;
    if (!pc) {
      setText(verdict, t('call-details-none'));
      return;
    }
    if (from !== pc) before = null;
    from = pc;
    const report = await pc.getStats();
    latest = summarize(report, before, pc.connectionState);
    before = report;
    show(latest);
  }

  function show({ connection, streams }) {
    const loss = streams.reduce((worst, one) => Math.max(worst, one.loss ?? 0), 0);
    const level = judge({ rtt: connection.rtt, loss });
    showQuality(mark, level);
    setText(verdict, qualityText(level));
    facts.replaceChildren(
      ...[
        [t('call-details-state'), connection.state],
        [t('call-details-rtt'), milliseconds(connection.rtt)],
        [t('call-details-transport'), [connection.protocol.toUpperCase(), `${connection.local} → ${connection.remote}`].filter((part) => part.trim() !== '→' && part).join(' · ') || '–'],
        [t('call-details-up'), rate(connection.sent)],
        [t('call-details-down'), rate(connection.received)],
        [t('call-details-available'), rate(connection.available)],
      ].map(([term, value]) => h('div', {}, h('dt', { text: term }), h('dd', { text: value }))),
    );
    // What stands still (a transceiver that is not used) is in the copy only.
    const moving = streams.filter(({ bitrate }) => bitrate === null || bitrate > 0);
    rows.replaceChildren(...moving.slice(0, ROWS).map((stream) => row(stream, ownerOf(call, stream))));
  }

  return () => dialog.close();
}

function row(stream, owner) {
  const { direction, kind, bitrate, width, height, fps, loss, jitter, rtt, codec, layer, limited } = stream;
  const what = t(kind === 'audio' ? 'call-details-audio' : 'call-details-video');
  const name = [owner, what, layer].filter(Boolean).join(' · ');
  const picture = width && height ? `${width}×${height}${fps === null ? '' : ` @ ${Math.round(fps)}`}` : '–';
  const limit = limited === 'cpu' ? t('call-details-limited-cpu') : limited === 'bandwidth' ? t('call-details-limited-bandwidth') : '';
  return h(
    'tr',
    { data: { direction } },
    h('th', { scope: 'row' }, h('span', { class: 'arrow', role: 'img', 'aria-label': t(direction === 'in' ? 'call-details-in' : 'call-details-out'), text: direction === 'in' ? '↓' : '↑' }), name),
    ...[rate(bitrate), [picture, limit].filter(Boolean).join(' '), share(loss), milliseconds(jitter), milliseconds(rtt), codec || '–'].map((text) => h('td', { text })),
  );
}

function ownerOf(call, { direction, track }) {
  if (direction === 'out') return t('call-you');
  for (const { media, participantId, source } of call.tracks.values()) {
    if (media?.id !== track) continue;
    const name = call.participants.get(participantId)?.displayName || t('call-somebody');
    return source === 'TRACK_SOURCE_SCREEN' ? t('call-screen-of', { name }) : name;
  }
  return '';
}

async function copyOf(summary) {
  if (!summary) return;
  const text = JSON.stringify({ browser: navigator.userAgent, time: new Date().toISOString(), ...summary }, null, 2);
  try {
    await navigator.clipboard.writeText(text);
    toast(t('call-details-copied'));
  } catch {
    toast(t('call-copy-failed'));
  }
}

function rate(bits) {
  if (bits === null) return '–';
  return bits >= 1_000_000
    ? t('call-details-mbit', { rate: formatNumber(bits / 1_000_000, { maximumFractionDigits: 1 }) })
    : t('call-details-kbit', { rate: formatNumber(Math.round(bits / 1000)) });
}

function milliseconds(value) {
  return value === null ? '–' : t('call-details-ms', { ms: formatNumber(value) });
}

function share(value) {
  return value === null ? '–' : formatNumber(value, { style: 'percent', maximumFractionDigits: 1 });
}
