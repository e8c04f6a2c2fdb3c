/**
 * A control for every kind of setting. Names and values are those of the cmdlets, and are not translated.
 * @module admin/controls
 */

import { h } from '../dom.js';
import { t } from '../i18n.js';

/** @typedef {Record<string, string[]>} Choices the values of settings that have few, by name */

/**
 * Settings under a title.
 * @param {string} title
 * @param {...(Node|null)} content
 */
export function group(title, ...content) {
  return h('fieldset', {}, h('legend', { text: title, lang: 'en' }), ...content);
}

/**
 * A setting that always has a value, which is written to `values` as soon as it is changed.
 * @param {string} title of the group
 * @param {Record<string, any>} values
 * @param {string} name
 * @param {Choices} choices
 */
export function setting(title, values, name, choices) {
  const id = idOf(title, name);
  const value = values[name];
  if (Array.isArray(value) && choices[name]) return several(id, values, name, choices[name]);
  let control;
  if (typeof value === 'boolean') {
    control = h('input', { type: 'checkbox', checked: value, on: { change: () => (values[name] = control.checked) } });
  } else if (choices[name]) {
    control = choice(value, choices[name], (chosen) => (values[name] = chosen));
  } else if (Array.isArray(value)) {
    const read = () => (values[name] = control.value.split(/[\s,]+/).filter(Boolean));
    control = h('textarea', { rows: 2, spellcheck: 'false', on: { change: read }, props: { value: value.join('\n') } });
  } else if (typeof value === 'number' || value === null) {
    // Left empty: as the service is configured.
    const read = () => (values[name] = control.value === '' ? null : Number(control.value));
    control = h('input', { type: 'number', min: 0, value: value ?? '', on: { change: read } });
  } else {
    control = h('input', { value: String(value), spellcheck: 'false', on: { change: () => (values[name] = control.value.trim()) } });
  }
  return line(id, name, control);
}

/**
 * What a label or a template fixes of an option, or that it leaves it open.
 * @param {string} title of the group
 * @param {Record<string, any>} fixed
 * @param {string} name
 * @param {Choices} choices
 */
export function restriction(title, fixed, name, choices) {
  // Without choices of its own it is on or off.
  const words = choices[name] ?? ['true', 'false'];
  const write = (chosen) => {
    if (chosen === '') delete fixed[name];
    else fixed[name] = choices[name] ? chosen : chosen === 'true';
  };
  return line(idOf(title, name), name, choice(String(fixed[name] ?? ''), words, write, t('admin-left-open')));
}

/**
 * One of few values.
 * @param {string} value
 * @param {string[]} values
 * @param {(chosen: string) => void} write
 * @param {string} [none] there may be none, which is called so
 * @returns {HTMLSelectElement}
 */
export function choice(value, values, write, none) {
  const options = values.map((one) => h('option', { value: one, text: one, lang: 'en' }));
  if (none) options.unshift(h('option', { value: '', text: none }));
  const select = /** @type {HTMLSelectElement} */ (h('select', { on: { change: () => write(select.value) } }, ...options));
  select.value = value;
  return select;
}

/** Any number of few values. */
function several(id, values, name, offered) {
  const boxes = offered.map((word) => {
    const box = h('input', { type: 'checkbox', testid: `${id}.${word}`, checked: values[name].includes(word), on: { change: read } });
    return { word, box };
  });

  function read() {
    values[name] = boxes.filter(({ box }) => box.checked).map(({ word }) => word);
  }

  const labels = boxes.map(({ word, box }) => h('label', { class: 'check', lang: 'en' }, box, word));
  return h(
    'div',
    { class: 'setting', role: 'group', 'aria-labelledby': id },
    h('span', { id, lang: 'en', text: name }),
    h('div', { class: 'several' }, ...labels),
  );
}

function line(id, name, control) {
  control.id = id;
  control.dataset.testid = id;
  return h('div', { class: 'setting' }, h('label', { for: id, lang: 'en', text: name }), control);
}

function idOf(title, name) {
  return `${title}.${name}`.replace(/[^\w.-]/g, '-');
}
