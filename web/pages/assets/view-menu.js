/**
 * The menu for what is seen of the call: layout, full screen, the own picture, details, shortcuts.
 * @module view-menu
 */

import { toast } from './announce.js';
import { t, textId } from './i18n.js';
import { menu } from './menu.js';
import { LAYOUTS } from './stage.js';

const NAMES = { auto: textId('call-layout-auto'), grid: textId('call-layout-grid'), speaker: textId('call-layout-speaker') };

/**
 * @param {object} options
 * @param {import('./stage.js').Stage} options.stage
 * @param {() => void} options.details opens the panel with the figures
 * @param {() => void} options.shortcuts opens the list of keys
 * @returns {HTMLElement}
 */
export function viewMenu({ stage, details, shortcuts }) {
  function items() {
    const full = document.fullscreenElement !== null;
    const floats = document.pictureInPictureElement ?? null;
    const found = LAYOUTS.map((layout) => ({
      testid: `layout-${layout}`,
      text: t(NAMES[layout]),
      checked: stage.layout === layout,
      action: () => {
        stage.layout = layout;
      },
    }));
    found.push({
      testid: 'show-self',
      text: t('call-self-show'),
      checked: stage.self.wanted,
      action: () => {
        stage.self.wanted = !stage.self.wanted;
      },
    });
    if (document.fullscreenEnabled) {
      found.push({ testid: 'full-screen', text: t('call-full-screen'), checked: full, action: () => (full ? document.exitFullscreen() : fill()) });
    }
    if (document.pictureInPictureEnabled && (floats || stage.video)) {
      found.push({
        testid: 'picture-in-picture',
        text: t('call-picture-in-picture'),
        checked: floats !== null,
        action: () => (floats ? document.exitPictureInPicture() : float(stage.video)),
      });
    }
    found.push({ testid: 'details-open', text: t('call-details'), action: details });
    found.push({ testid: 'shortcuts-open', text: t('call-shortcuts'), action: shortcuts });
    return found;
  }

  const element = menu({ label: t('call-view'), symbol: 'layout', testid: 'view-menu', items });
  element.classList.add('view-menu');
  return element;
}

async function fill() {
  try {
    // The whole page: dialogs and messages are outside of the call.
    await document.documentElement.requestFullscreen();
  } catch {
    toast(t('call-full-screen-failed'));
  }
}

async function float(video) {
  try {
    await video.requestPictureInPicture();
  } catch {
    toast(t('call-picture-in-picture-failed'));
  }
}
