/**
 * Dialogs: modal, closed by Escape, focus back to where it came from.
 * @module dialog
 */

import { h, setText } from './dom.js';
import { t } from './i18n.js';

let numbers = 0;

/**
 * Shows a dialog with a form.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.testid
 * @param {(Node|false|null)[]} options.content
 * @param {string} options.confirm what the button says
 * @param {boolean} [options.danger] what is confirmed cannot be taken back
 * @param {boolean} [options.wide]
 * @param {() => HTMLElement|null} [options.focus] what gets the focus when that from which the dialog was opened is gone
 * @param {() => Promise<void>|void} options.act what it throws with a message is shown, and the dialog stays open
 * @returns {HTMLDialogElement}
 */
export function showDialog({ title, testid, content, confirm, danger = false, wide = false, focus = () => null, act }) {
  numbers += 1;
  const id = `dialog-${numbers}`;
  const problem = h('p', { class: 'form-problem', role: 'alert', testid: `${testid}-problem` });
  const button = h('button', { type: 'submit', class: danger ? 'danger' : 'primary', testid: `${testid}-confirm`, text: confirm });
  const form = h(
    'form',
    { class: 'dialog-form', on: { submit } },
    h('h2', { id, text: title }),
    ...content,
    problem,
    h('div', { class: 'dialog-actions' }, h('button', { type: 'button', class: 'quiet', testid: `${testid}-cancel`, text: t('common-cancel'), on: { click: () => dialog.close() } }), button),
  );
  const dialog = h('dialog', { class: wide ? 'dialog wide-dialog' : 'dialog', testid, 'aria-labelledby': id, on: { close: closed } }, form);

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    setText(problem, '');
    try {
      await act();
      dialog.close();
    } catch (error) {
      console.warn(testid, error);
      setText(problem, error.message);
      problem.scrollIntoView({ block: 'nearest' });
    } finally {
      button.disabled = false;
    }
  }

  function closed() {
    dialog.remove();
    if (document.activeElement === document.body) focus()?.focus({ preventScroll: true });
  }

  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Shows a text that could not be copied, for copying by hand.
 * @param {string} title
 * @param {string} text
 */
export function showText(title, text) {
  const field = h('textarea', { class: 'copy-text', readonly: true, rows: Math.min(10, text.split('\n').length + 1), 'aria-label': title, props: { value: text } });
  const close = () => dialog.close();
  const dialog = h(
    'dialog',
    { class: 'dialog wide-dialog', testid: 'copy-by-hand', 'aria-label': title, on: { close: () => dialog.remove() } },
    h('h2', { text: title }),
    field,
    h('div', { class: 'dialog-actions' }, h('button', { type: 'button', class: 'primary', text: t('common-close'), on: { click: close } })),
  );
  document.body.append(dialog);
  dialog.showModal();
  field.select();
}
