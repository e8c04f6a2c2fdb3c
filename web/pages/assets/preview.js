/**
 * Camera and microphone before the call: own picture, level meter, which devices to use, and what to do about those that
 * cannot be used.
 * @module preview
 */

import { explain } from './devices.js';
import { h, setAttribute, setText } from './dom.js';
import { t, textId } from './i18n.js';
import { icon, setIcon } from './icons.js';
import { devicePickers, levelMeter } from './pickers.js';

/** How to allow what was blocked, by browser. */
const HOW_TO_ALLOW = {
  chromium: textId('call-allow-chromium'),
  firefox: textId('call-allow-firefox'),
  safari: textId('call-allow-safari'),
  other: textId('call-allow-other'),
};

/**
 * @param {import('./devices.js').LocalMedia} local
 * @returns {{element: HTMLElement, stop: () => void}} `stop` ends the watching, not the devices
 */
export function preview(local) {
  const video = h('video', { class: 'preview-video', testid: 'preview-video', 'aria-label': t('call-own-camera'), props: { autoplay: true, muted: true, playsInline: true } });
  const empty = h('p', { class: 'preview-empty' }, icon('camera-off'), h('span'));
  const meter = levelMeter(local);
  const microphone = toggle(t('call-microphone'), 'preview-mic', () => local.setMuted(!local.muted));
  const camera = toggle(t('call-camera'), 'preview-camera', () => local.setCamera(local.camera === null));
  const trouble = problems(local);
  const pickers = devicePickers(local);

  function update() {
    const { camera: picture, problems: found } = local;
    if ((video.srcObject?.getTracks()[0] ?? null) !== picture) video.srcObject = picture ? new MediaStream([picture]) : null;
    video.hidden = picture === null;
    empty.hidden = picture !== null;
    setText(empty.lastElementChild, emptyText(local.opening, found.camera));
    setIcon(microphone, local.muted ? 'mic-off' : 'mic');
    setIcon(camera, picture ? 'camera' : 'camera-off');
    setAttribute(microphone, 'aria-pressed', String(!local.muted));
    setAttribute(camera, 'aria-pressed', String(picture !== null));
    setAttribute(microphone, 'title', t(local.muted ? 'call-unmute' : 'call-mute'));
    setAttribute(camera, 'title', t(picture ? 'call-camera-stop' : 'call-camera-start'));
    trouble.update();
    pickers.update();
    meter.update();
  }

  local.addEventListener('change', update);
  const element = h(
    'section',
    { class: 'preview', 'aria-label': t('call-preview') },
    h('div', { class: 'preview-frame' }, video, empty, h('div', { class: 'preview-controls' }, microphone, meter.element, camera)),
    trouble.element,
    pickers.element,
  );
  update();
  return {
    element,
    stop() {
      local.removeEventListener('change', update);
      meter.close();
      video.srcObject = null;
    },
  };
}

function emptyText(opening, problem) {
  if (opening) return t('call-preview-asking');
  return t(problem ? 'call-preview-none' : 'call-preview-off');
}

/** What is wrong with the devices, how to put it right, and another try. */
function problems(local) {
  const text = h('p', { role: 'status', testid: 'device-problems' });
  const how = h('details', { class: 'how-to', testid: 'how-to-allow' }, h('summary', { text: t('call-allow-how') }), h('p', { text: t(HOW_TO_ALLOW[browser()]) }));
  const again = h('button', { type: 'button', class: 'small', testid: 'devices-again', text: t('call-devices-again'), on: { click: () => local.retry() } });
  const element = h('div', { class: 'preview-problems' }, icon('alert'), h('div', {}, text, how), again);
  return {
    element,
    update() {
      const { microphone, camera } = local.problems;
      const both = microphone === 'denied' && camera === 'denied';
      const said = both ? [t('call-devices-denied')] : [explain('microphone', microphone), explain('camera', camera)];
      setText(text, said.filter(Boolean).join(' '));
      how.hidden = microphone !== 'denied' && camera !== 'denied';
      again.hidden = microphone === 'unsupported' || camera === 'unsupported';
      element.hidden = !microphone && !camera;
    },
  };
}

function browser() {
  const agent = navigator.userAgent;
  if (/firefox/i.test(agent)) return 'firefox';
  if (/chrom(e|ium)|edg\//i.test(agent)) return 'chromium';
  return /safari/i.test(agent) ? 'safari' : 'other';
}

function toggle(label, testid, action) {
  return h('button', { type: 'button', class: 'round', testid, 'aria-label': label, title: label, on: { click: action } });
}
