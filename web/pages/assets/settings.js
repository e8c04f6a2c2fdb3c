/**
 * Settings, before and in a call: devices, looks, language.
 * @module settings
 */

import { openSheet } from './sheet.js';
import { h } from './dom.js';
import { languagePicker, t, textId } from './i18n.js';
import { icon } from './icons.js';
import { devicePickers, levelMeter } from './pickers.js';
import { THEMES, setTheme, theme } from './theme.js';

const NAMES = { system: textId('call-theme-system'), light: textId('call-theme-light'), dark: textId('call-theme-dark') };
const SYMBOLS = { system: 'screen', light: 'sun', dark: 'moon' };

/**
 * @param {import('./devices.js').LocalMedia|null} local with it devices can be chosen
 * @param {{language?: boolean}} [options] whether the language can be changed: a call would be drawn anew
 */
export function openSettings(local, { language = false } = {}) {
  const content = [];
  let close = () => {};
  if (local) {
    const pickers = devicePickers(local);
    const meter = levelMeter(local);
    const update = () => {
      pickers.update();
      meter.update();
    };
    local.addEventListener('change', update);
    update();
    close = () => {
      local.removeEventListener('change', update);
      meter.close();
    };
    content.push(section(t('call-settings-devices'), pickers.element, h('div', { class: 'settings-level' }, icon('mic'), meter.element)));
  }
  content.push(section(t('call-settings-look'), themeSwitch()));
  if (language) content.push(section('', languagePicker()));
  openSheet({ title: t('call-settings'), testid: 'settings', content, class: 'settings', closed: close });
}

/** Three buttons of which one is pressed. @returns {HTMLElement} */
export function themeSwitch() {
  const buttons = THEMES.map((one) =>
    h(
      'button',
      { type: 'button', testid: `theme-${one}`, 'aria-pressed': String(one === theme()), on: { click: () => choose(one) } },
      icon(SYMBOLS[one]),
      h('span', { text: t(NAMES[one]) }),
    ),
  );

  function choose(one) {
    setTheme(one);
    THEMES.forEach((name, index) => buttons[index].setAttribute('aria-pressed', String(name === one)));
  }

  return h('div', { class: 'segments', role: 'group', 'aria-label': t('call-theme') }, ...buttons);
}

function section(title, ...children) {
  return h('section', { class: 'settings-part' }, title && h('h3', { text: title }), ...children);
}
