/**
 * Choosing camera, microphone and speaker: before the call, in its settings, and in the menus beside the buttons.
 * @module pickers
 */

import { canChooseSpeaker } from './devices.js';
import { arrange, h, setText } from './dom.js';
import { t } from './i18n.js';
import { icon, setIcon } from './icons.js';
import { watchLevel } from './level.js';

/** The test sound: two notes of the arch, in Hz and seconds. */
const NOTES = [[523.25, 0, 0.35], [783.99, 0.18, 0.6]];
const LOUDNESS = 0.16;
const BARS = 16;

/**
 * Three selects that follow the devices.
 * @param {import('./devices.js').LocalMedia} local
 * @returns {{element: HTMLElement, update: () => void}}
 */
export function devicePickers(local) {
  const cameras = picker(t('call-camera'), 'camera', (id) => local.choose('camera', id), 'choose-camera');
  const microphones = picker(t('call-microphone'), 'mic', (id) => local.choose('microphone', id), 'choose-microphone');
  const speakers = picker(t('call-speaker'), 'speaker', (id) => local.chooseSpeaker(id), 'choose-speaker');
  const test = testButton(local);
  const element = h(
    'div',
    { class: 'preview-pickers' },
    cameras.element,
    microphones.element,
    h('div', { class: 'picker-row' }, speakers.element, test),
  );
  return {
    element,
    update() {
      cameras.fill(local.devices.cameras, local.camera?.getSettings().deviceId);
      microphones.fill(local.devices.microphones, local.microphone?.getSettings().deviceId);
      speakers.fill(speakersOf(local), local.speaker);
    },
  };
}

/**
 * Where sound can be played, the system's choice first; nothing where the browser offers none.
 * @param {import('./devices.js').LocalMedia} local
 * @returns {{deviceId: string, label: string}[]}
 */
export function speakersOf(local) {
  const named = canChooseSpeaker() ? local.devices.speakers.filter(({ deviceId }) => deviceId !== 'default' && deviceId !== '') : [];
  return [{ deviceId: '', label: t('call-speaker-system') }, ...named];
}

/**
 * Entries for the menu beside the microphone's or the camera's button.
 * @param {import('./devices.js').LocalMedia} local
 * @param {'microphone'|'camera'} kind
 * @returns {import('./menu.js').Item[]}
 */
export function deviceItems(local, kind) {
  const used = local[kind]?.getSettings().deviceId;
  const list = kind === 'camera' ? local.devices.cameras : local.devices.microphones;
  const label = t(kind === 'camera' ? 'call-camera' : 'call-microphone');
  const items = list.map(({ deviceId, label: name }, index) => ({
    testid: `use-${kind}`,
    text: name || `${label} ${index + 1}`,
    checked: deviceId === used,
    action: () => local.choose(kind, deviceId),
  }));
  if (kind === 'camera') return items;
  return [
    ...items,
    ...speakersOf(local).map(({ deviceId, label: name }, index) => ({
      testid: 'use-speaker',
      text: t('call-speaker-named', { name: name || String(index) }),
      checked: deviceId === local.speaker,
      action: () => local.chooseSpeaker(deviceId),
    })),
  ];
}

/**
 * Bars that show how loud the microphone is.
 * @param {import('./devices.js').LocalMedia} local
 * @returns {{element: HTMLElement, update: () => void, close: () => void}}
 */
export function levelMeter(local) {
  const bars = Array.from({ length: BARS }, () => h('span'));
  const element = h('div', { class: 'meter', role: 'meter', 'aria-label': t('call-level'), 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': 0 }, ...bars);
  let watched = null;
  let stop = () => {};
  let shown = -1;

  function show(level) {
    const lit = Math.round(level * BARS);
    if (lit === shown) return;
    shown = lit;
    bars.forEach((bar, index) => bar.classList.toggle('lit', index < lit));
    element.setAttribute('aria-valuenow', String(Math.round(level * 100)));
  }

  return {
    element,
    update() {
      const audible = local.muted ? null : local.microphone;
      if (audible === watched) return;
      watched = audible;
      stop();
      show(0);
      stop = audible ? watchLevel(audible, show) : () => {};
    },
    close() {
      stop();
      watched = null;
    },
  };
}

/** Plays the test sound on the chosen speaker. */
function testButton(local) {
  const text = h('span', { text: t('call-speaker-test') });
  const button = h('button', { type: 'button', class: 'test-sound', testid: 'test-sound', on: { click: play } }, icon('play'), text);

  async function play() {
    button.disabled = true;
    setIcon(button, 'speaker');
    setText(text, t('call-speaker-playing'));
    try {
      await testSound(local.speaker);
    } catch {
      setText(text, t('call-speaker-failed'));
    }
    button.disabled = false;
    setIcon(button, 'play');
    if (text.textContent === t('call-speaker-playing')) setText(text, t('call-speaker-test'));
  }

  return button;
}

async function testSound(speaker) {
  const context = new AudioContext();
  try {
    if (speaker && 'setSinkId' in context) await context.setSinkId(speaker);
    await context.resume();
    const start = context.currentTime + 0.05;
    for (const [frequency, from, length] of NOTES) {
      const tone = new OscillatorNode(context, { type: 'sine', frequency });
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setValueAtTime(0, start + from);
      gain.gain.linearRampToValueAtTime(LOUDNESS, start + from + 0.03);
      gain.gain.exponentialRampToValueAtTime(0.0001, start + from + length);
      tone.connect(gain).connect(context.destination);
      tone.start(start + from);
      tone.stop(start + from + length);
      if (from + length < NOTES.at(-1)[1] + NOTES.at(-1)[2]) continue;
      await new Promise((resolve) => tone.addEventListener('ended', resolve, { once: true }));
    }
  } finally {
    context.close().catch(() => {});
  }
}

function picker(label, symbol, choose, testid) {
  const select = h('select', { 'aria-label': label, testid, on: { change: () => choose(select.value) } });
  const element = h('label', { class: 'picker', title: label }, icon(symbol), select);
  return {
    element,
    /** Names of devices are there only once the person has allowed one. */
    fill(devices, used) {
      element.hidden = devices.length === 0;
      const options = devices.map(
        ({ deviceId, label: name }, index) =>
          [...select.options].find((option) => option.value === deviceId && option.text === name) ??
          h('option', { value: deviceId, text: name || `${label} ${index + 1}` }),
      );
      arrange(select, options);
      if (used !== undefined && select.value !== used) select.value = used;
      if (select.selectedIndex < 0 && select.options.length > 0) select.selectedIndex = 0;
    },
  };
}
