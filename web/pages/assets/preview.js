/**
 * Camera and microphone before the call: own picture, level meter, which devices to use.
 * @module preview
 */

import { explain } from './devices.js';
import { arrange, h, setAttribute, setText } from './dom.js';
import { icon, setIcon } from './icons.js';
import { watchLevel } from './level.js';

/**
 * @param {import('./devices.js').LocalMedia} local
 * @returns {{element: HTMLElement, stop: () => void}} `stop` ends the watching, not the devices
 */
export function preview(local) {
  const video = h('video', { class: 'preview-video', 'aria-label': 'Your camera', props: { autoplay: true, muted: true, playsInline: true } });
  const empty = h('p', { class: 'preview-empty' });
  const bars = Array.from({ length: 12 }, () => h('span'));
  const meter = h('div', { class: 'meter', role: 'meter', 'aria-label': 'Microphone level', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': 0 }, ...bars);
  const microphone = toggle('Microphone', () => local.setMuted(!local.muted));
  const camera = toggle('Camera', () => local.setCamera(local.camera === null));
  const problems = h('p', { class: 'preview-problems', role: 'status' });
  const microphones = picker('Microphone', 'mic', (id) => local.choose('microphone', id));
  const cameras = picker('Camera', 'camera', (id) => local.choose('camera', id));

  let watched = null;
  let stopLevel = () => {};

  function showLevel(level) {
    const lit = Math.round(level * bars.length);
    bars.forEach((bar, index) => bar.classList.toggle('lit', index < lit));
    meter.setAttribute('aria-valuenow', String(Math.round(level * 100)));
  }

  function update() {
    const { camera: picture, microphone: voice, problems: found } = local;
    if ((video.srcObject?.getTracks()[0] ?? null) !== picture) video.srcObject = picture ? new MediaStream([picture]) : null;
    video.hidden = picture === null;
    empty.hidden = picture !== null;
    setText(empty, found.camera ? 'No picture' : 'Your camera is off');
    setIcon(microphone, local.muted ? 'mic-off' : 'mic');
    setIcon(camera, picture ? 'camera' : 'camera-off');
    setAttribute(microphone, 'aria-pressed', String(!local.muted));
    setAttribute(camera, 'aria-pressed', String(picture !== null));
    setText(problems, [explain('microphone', found.microphone), explain('camera', found.camera)].filter(Boolean).join(' '));
    microphones.fill(local.devices.microphones, voice);
    cameras.fill(local.devices.cameras, picture);
    const audible = local.muted ? null : voice;
    if (audible !== watched) {
      watched = audible;
      stopLevel();
      showLevel(0);
      stopLevel = audible ? watchLevel(audible, showLevel) : () => {};
    }
  }

  local.addEventListener('change', update);
  const element = h(
    'section',
    { class: 'preview', 'aria-label': 'Camera and microphone' },
    h('div', { class: 'preview-frame' }, video, empty, h('div', { class: 'preview-controls' }, microphone, meter, camera)),
    problems,
    h('div', { class: 'preview-pickers' }, cameras.element, microphones.element),
  );
  update();
  return {
    element,
    stop() {
      local.removeEventListener('change', update);
      stopLevel();
      video.srcObject = null;
    },
  };
}

function toggle(label, action) {
  return h('button', { type: 'button', class: 'round', 'aria-label': label, title: label, on: { click: action } });
}

function picker(label, symbol, choose) {
  const select = h('select', { 'aria-label': label, on: { change: () => choose(select.value) } });
  const element = h('label', { class: 'picker' }, icon(symbol), select);
  return {
    element,
    /** Names of devices are there only once the person has allowed one. */
    fill(devices, track) {
      element.hidden = devices.length === 0;
      const options = devices.map(
        ({ deviceId, label: name }, index) =>
          [...select.options].find((option) => option.value === deviceId && option.text === name) ??
          h('option', { value: deviceId, text: name || `${label} ${index + 1}` }),
      );
      arrange(select, options);
      const used = track?.getSettings().deviceId;
      if (used && select.value !== used) select.value = used;
    },
  };
}
