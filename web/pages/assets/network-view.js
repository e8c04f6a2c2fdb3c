/**
 * The network check on the page before the call: a button, what is being looked at, and a sentence.
 * @module network-view
 */

import { signalingUrl } from './api.js';
import { h, setAttribute, setText } from './dom.js';
import { t, textId } from './i18n.js';
import { icon, setIcon } from './icons.js';
import { checkNetwork } from './network-check.js';

const STEPS = {
  service: textId('call-network-step-service'),
  signaling: textId('call-network-step-signaling'),
  media: textId('call-network-step-media'),
};
const REASONS = {
  fine: textId('call-network-fine'),
  slow: textId('call-network-slow'),
  far: textId('call-network-far'),
  tcp: textId('call-network-tcp'),
  'no-media': textId('call-network-no-media'),
  'no-session': textId('call-network-no-session'),
  unreachable: textId('call-network-unreachable'),
};
const TITLES = {
  good: textId('call-network-good'),
  fair: textId('call-network-fair'),
  poor: textId('call-network-poor'),
  failed: textId('call-network-failed'),
};
const SYMBOLS = { good: 'check', fair: 'alert', poor: 'alert', failed: 'close' };

/**
 * @param {{token: () => Promise<string>}} options access token for the session that is tried
 * @returns {{element: HTMLElement, close: () => void}}
 */
export function networkCheck({ token }) {
  const title = h('b', { text: t('call-network') });
  const text = h('span', { class: 'network-text', text: t('call-network-lead') });
  const figures = h('span', { class: 'network-figures', testid: 'network-figures' });
  const button = h('button', { type: 'button', class: 'small', testid: 'network-check', on: { click: run } });
  const element = h(
    'div',
    { class: 'network', testid: 'network', data: { state: 'idle', icon: 'signal' } },
    icon('signal'),
    h('div', { class: 'network-body', role: 'status' }, title, text, figures),
    button,
  );
  setText(button, t('call-network-check'));
  /** @type {AbortController|null} */
  let running = null;

  async function run() {
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    button.disabled = true;
    element.dataset.state = 'running';
    setIcon(element, 'signal');
    setText(title, t('call-network-checking'));
    setText(figures, '');
    try {
      const outcome = await checkNetwork({ url: signalingUrl(), token, signal, onStep: (step) => setText(text, t(STEPS[step])) });
      show(outcome);
    } catch (error) {
      if (signal.aborted) return;
      console.error('network check', error);
      show({ verdict: 'failed', reason: 'no-session', media: null, mediaRtt: null, signalingRtt: null });
    }
    button.disabled = false;
    setText(button, t('call-network-again'));
  }

  function show({ verdict, reason, media, mediaRtt, signalingRtt }) {
    element.dataset.state = verdict;
    setAttribute(element, 'data-reason', reason);
    setIcon(element, SYMBOLS[verdict]);
    setText(title, t(TITLES[verdict]));
    setText(text, t(REASONS[reason]));
    const said = [];
    const trip = mediaRtt ?? signalingRtt;
    if (trip !== null) said.push(t('call-network-rtt', { ms: trip }));
    if (media === 'udp' || media === 'tcp') said.push(t('call-network-over', { protocol: media.toUpperCase() }));
    if (media === null && verdict !== 'failed') said.push(t('call-network-signaling-only'));
    setText(figures, said.join(' · '));
  }

  return { element, close: () => running?.abort() };
}
