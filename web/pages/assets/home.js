/**
 * The front page: whether the service is ready.
 * @module home
 */

import { catalogues, languagePicker, onLanguage, t, textId, translate } from './i18n.js';

const status = document.getElementById('status');
let state = textId('common-status-asking');

await catalogues('common');
document.getElementById('language').append(languagePicker());
onLanguage(draw);
draw();
try {
  const response = await fetch('/readyz', { cache: 'no-store' });
  state = response.ok ? textId('common-status-running') : textId('common-status-not-ready');
  status.dataset.ready = String(response.ok);
} catch {
  state = textId('common-status-unreachable');
  status.dataset.ready = 'false';
}
draw();

function draw() {
  translate();
  status.textContent = t(state);
  document.getElementById('surfaces').textContent = t('common-surfaces', { address: location.origin });
  document.querySelector('#language span').textContent = t('common-language');
}
