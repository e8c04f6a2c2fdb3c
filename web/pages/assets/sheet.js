/**
 * Dialogs: a title, something below it, a button to close. Escape and a click beside it close it, too.
 * @module sheet
 */

import { h } from './dom.js';
import { t } from './i18n.js';
import { icon } from './icons.js';

let count = 0;

/**
 * Opens a dialog; it is gone from the page once it is closed. One that is not modal floats above the page, which goes on.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.testid
 * @param {Node[]} options.content
 * @param {string} [options.class] beside `dialog`
 * @param {boolean} [options.modal]
 * @param {() => void} [options.closed]
 * @returns {HTMLDialogElement}
 */
export function openSheet({ title, testid, content, class: more = '', modal = true, closed = () => {} }) {
  count += 1;
  const id = `sheet-${count}`;
  const close = () => dialog.close();
  const dialog = h(
    'dialog',
    {
      class: `dialog sheet ${more}`.trim(),
      testid,
      'aria-labelledby': id,
      on: {
        close: () => {
          dialog.remove();
          closed();
        },
        // The dialog itself is hit only beside its content: the padding is inside.
        click: (event) => modal && event.target === dialog && close(),
        keydown: (event) => {
          if (modal || event.key !== 'Escape') return;
          event.stopPropagation();
          close();
        },
      },
    },
    h(
      'div',
      { class: 'sheet-inside' },
      h(
        'div',
        { class: 'sheet-head' },
        h('h2', { id, text: title }),
        h('button', { type: 'button', class: 'quiet square', testid: `${testid}-close`, 'aria-label': t('common-close'), title: t('common-close'), on: { click: close } }, icon('close')),
      ),
      ...content,
    ),
  );
  document.body.append(dialog);
  const before = document.activeElement;
  if (modal) dialog.showModal();
  else {
    dialog.classList.add('floating');
    dialog.show();
    // A modal one does that by itself.
    dialog.addEventListener('close', () => before?.isConnected && before.focus({ preventScroll: true }));
  }
  return dialog;
}
