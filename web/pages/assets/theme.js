/**
 * Light or dark: as the system has it, or as was chosen here.
 * `theme-early.js` sets a chosen one before anything is drawn; both know the name in the storage.
 * @module theme
 */

import { preferences, remember } from './preferences.js';

/** @typedef {'system'|'light'|'dark'} Theme */

export const THEMES = ['system', 'light', 'dark'];

/** @returns {Theme} */
export function theme() {
  const { theme: chosen } = preferences();
  return THEMES.includes(chosen) ? chosen : 'system';
}

/** @param {Theme} chosen for this browser, from now on */
export function setTheme(chosen) {
  remember({ theme: chosen });
  apply(chosen);
}

function apply(chosen) {
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

apply(theme());
// Another tab of ours has changed it.
window.addEventListener('storage', () => apply(theme()));
