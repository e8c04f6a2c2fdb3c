/**
 * "Connecting …", then the lobby.
 * @module waiting-view
 */

import { h, setText } from './dom.js';
import { t } from './i18n.js';
import { icon, setIcon } from './icons.js';

/**
 * @param {import('./session.js').Conference} call
 * @param {import('./devices.js').LocalMedia} local
 * @returns {{element: HTMLElement, update: () => void, close: () => void}}
 */
export function waitingView(call, local) {
  const title = h('h1');
  const text = h('p', { class: 'waiting-text' });
  const video = h('video', { class: 'preview-video', 'aria-label': t('call-own-camera'), props: { autoplay: true, muted: true, playsInline: true } });
  const microphone = toggle(t('call-microphone'), 'lobby-mic', () => local.setMuted(!local.muted));
  const camera = toggle(t('call-camera'), 'lobby-camera', () => local.setCamera(local.camera === null));
  const empty = h('p', { class: 'preview-empty' }, icon('camera-off'), h('span', { text: t('call-preview-off') }));
  const frame = h('div', { class: 'preview-frame waiting-frame' }, video, empty, h('div', { class: 'preview-controls' }, microphone, camera));
  const status = h('div', { role: 'status', 'aria-live': 'polite' }, title, text);
  const element = h(
    'main',
    { class: 'page narrow waiting' },
    h(
      'div',
      { class: 'card' },
      h('div', { class: 'pulse', 'aria-hidden': 'true' }, icon('arch')),
      status,
      frame,
      h('button', { type: 'button', class: 'wide', testid: 'leave', text: t('call-leave'), on: { click: () => call.leave() } }),
    ),
  );

  function showDevices() {
    const { camera: picture } = local;
    if ((video.srcObject?.getTracks()[0] ?? null) !== picture) video.srcObject = picture ? new MediaStream([picture]) : null;
    video.hidden = picture === null;
    empty.hidden = picture !== null;
    setIcon(microphone, local.muted ? 'mic-off' : 'mic');
    setIcon(camera, picture ? 'camera' : 'camera-off');
    microphone.setAttribute('aria-pressed', String(!local.muted));
    camera.setAttribute('aria-pressed', String(picture !== null));
  }

  local.addEventListener('change', showDevices);
  showDevices();
  return {
    element,
    update() {
      if (call.reconnecting) {
        setText(text, t('call-lobby-reconnecting'));
        return;
      }
      if (call.state === 'connecting') {
        setText(title, t('call-joining'));
        setText(text, t('call-joining-text'));
        return;
      }
      element.dataset.testid = 'lobby';
      element.dataset.reason = call.lobbyReason;
      const forStart = call.lobbyReason === 'REASON_WAIT_FOR_START';
      setText(title, call.subject || t('call-lobby'));
      setText(text, t(forStart ? 'call-lobby-start' : 'call-lobby-admit'));
    },
    close() {
      local.removeEventListener('change', showDevices);
      video.srcObject = null;
    },
  };
}

function toggle(label, testid, action) {
  return h('button', { type: 'button', class: 'round', testid, 'aria-label': label, title: label, on: { click: action } });
}
