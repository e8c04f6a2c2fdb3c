/**
 * What this browser remembers for the next meeting: the name, the chosen devices and the language. Never tokens or passwords.
 * @module preferences
 */

const KEY = 'anteroom.preferences';

/** @returns {{name?: string, microphone?: string, camera?: string, language?: string}} */
export function preferences() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') ?? {};
  } catch {
    return {};
  }
}

/** @param {{name?: string, microphone?: string, camera?: string, language?: string}} change */
export function remember(change) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...preferences(), ...change }));
  } catch {
    // Storage may be full or switched off; then nothing is remembered.
  }
}
