/**
 * The pages in the person's language: Fluent catalogues, the choice of a language, and dates, lists and numbers in it.
 *
 * Names and other texts from outside come into a sentence between Unicode isolates (U+2068, U+2069): one that runs from
 * right to left does not turn the sentence around it. {@link withoutIsolates} takes them out where a text is copied.
 * @module i18n
 */

import { h } from './dom.js';
import { preferences, remember } from './preferences.js';
import { FluentBundle, FluentResource, negotiateLanguages } from './vendor/fluent.js';

/** The language that always has everything. */
const FALLBACK = 'en';

/** Languages with a folder below `locales/`, by their codes, each with its own name. A new one is a folder and a line here. */
export const languages = Object.freeze({
  en: 'English',
  de: 'Deutsch',
  nl: 'Nederlands',
  sv: 'Svenska',
  ru: 'Русский',
  fr: 'Français',
});

let code = negotiate();
/** The chosen language's messages first, then those of the fallback. @type {FluentBundle[]} */
let bundles = [];
/** How often catalogues were asked for, and which of these times made {@link bundles}. */
let asked = 0;
let loaded = 0;
/** @type {Set<string>} */
const areas = new Set();
/** @type {Set<() => void>} */
const redraws = new Set();
/** Formatters are costly to make. @type {Map<string, Intl.DateTimeFormat|Intl.NumberFormat|Intl.ListFormat|Intl.Collator>} */
const formats = new Map();

document.documentElement.lang = code;

/**
 * Loads catalogues, `locales/<language>/<area>.ftl`; before that their messages are not there.
 * A language's file that cannot be loaded leaves English in its place.
 *
 * @param {...string} wanted areas: `common`, `call`, `people`, `teams`, `admin`
 */
export async function catalogues(...wanted) {
  for (const area of wanted) areas.add(area);
  await use(code);
}

/** @returns {string} code of the language the page is in, one of {@link languages} */
export function language() {
  return code;
}

/**
 * Changes the language, for this page and the next visits. Views that said so with {@link onLanguage} draw themselves
 * anew; if there is none, the page is loaded again.
 *
 * @param {string} wanted one of {@link languages}; others are ignored
 */
export async function choose(wanted) {
  if (!Object.hasOwn(languages, wanted)) return;
  remember({ language: wanted });
  if (wanted === code) return;
  if (redraws.size === 0) {
    location.reload();
    return;
  }
  code = wanted;
  await use(wanted);
  formats.clear();
  document.documentElement.lang = code;
  for (const redraw of [...redraws]) redraw();
}

/**
 * @param {() => void} redraw called after another language was chosen
 * @returns {() => void} ends it
 */
export function onLanguage(redraw) {
  redraws.add(redraw);
  return () => redraws.delete(redraw);
}

/**
 * A message as text.
 *
 * @param {string} id
 * @param {Record<string, string|number|Date>} [args]
 * @returns {string} the id itself when no catalogue has the message
 */
export function t(id, args) {
  for (const bundle of bundles) {
    const pattern = bundle.getMessage(id)?.value;
    if (!pattern) continue;
    const errors = [];
    const text = bundle.formatPattern(pattern, args ?? null, errors);
    for (const error of errors) console.error(`message ${id}`, error);
    return text;
  }
  console.error(`no message ${id}`);
  return id;
}

/** @param {string} id */
export function hasText(id) {
  return bundles.some((bundle) => Boolean(bundle.getMessage(id)?.value));
}

/**
 * Marks an id that stands in a table, for the test of the catalogues.
 * @template {string} T
 * @param {T} id
 * @returns {T}
 */
export function textId(id) {
  return id;
}

/**
 * Fills in the texts of a page's own HTML: the element's text is the message that `data-t` names.
 * @param {ParentNode} [root]
 */
export function translate(root = document) {
  for (const element of root.querySelectorAll('[data-t]')) {
    element.textContent = t(/** @type {HTMLElement} */ (element).dataset.t);
  }
}

/**
 * @param {Date|number} moment
 * @param {Intl.DateTimeFormatOptions} options
 */
export function formatDate(moment, options) {
  return format(Intl.DateTimeFormat, options).format(moment);
}

/**
 * @param {Date} from
 * @param {Date} to
 * @param {Intl.DateTimeFormatOptions} options
 */
export function formatPeriod(from, to, options) {
  return format(Intl.DateTimeFormat, options).formatRange(from, to);
}

/**
 * @param {number} value
 * @param {Intl.NumberFormatOptions} [options]
 */
export function formatNumber(value, options = {}) {
  return format(Intl.NumberFormat, options).format(value);
}

/**
 * "Ann, Bo and Chris".
 * @param {string[]} items
 * @param {Intl.ListFormatOptions} [options]
 */
export function formatList(items, options = {}) {
  return format(Intl.ListFormat, options).format(items);
}

/** Orders texts as the language does; digits count as numbers. @returns {Intl.Collator} */
export function collator() {
  return format(Intl.Collator, { numeric: true });
}

/** @param {string} text */
export function withoutIsolates(text) {
  return text.replace(/[\u2068\u2069]/g, '');
}

/**
 * What happened, or why something was refused, for the person.
 *
 * @param {import('./session.js').Notice} notice its `message` is a sentence in English, shown when there is no better one
 * @returns {string}
 */
export function noticeText({ key, args = {}, message }) {
  if (key === 'muted-by') return args.name ? t('people-notice-muted-by', { name: args.name }) : t('people-notice-muted');
  if (key === 'media-trouble') return t('people-notice-media-trouble');
  // One key of the service stands for several sentences: whoever reads English gets the very one.
  if (message && code === FALLBACK) return message;
  const id = `people-refused-${String(args.key ?? '').replaceAll('_', '-')}`;
  if (hasText(id)) return t(id);
  return message || t('people-refused-unknown');
}

/**
 * The switch of languages. Needs the catalogue `common`.
 * @returns {HTMLElement}
 */
export function languagePicker() {
  const options = Object.entries(languages).map(([value, text]) => h('option', { value, lang: value, text, selected: value === code }));
  return h(
    'label',
    { class: 'language-picker' },
    h('span', { text: t('common-language') }),
    h('select', { testid: 'language', on: { change: ({ target }) => choose(target.value) } }, ...options),
  );
}

/** What was chosen before, else the best of what the browser asks for. */
function negotiate() {
  const { language: chosen } = preferences();
  if (Object.hasOwn(languages, chosen ?? '')) return chosen;
  return negotiateLanguages(navigator.languages, Object.keys(languages), { strategy: 'lookup', defaultLocale: FALLBACK })[0];
}

/** Loads all areas asked for so far. Whoever asked later, for more, is not overtaken by who asked before. */
async function use(name) {
  asked += 1;
  const turn = asked;
  const order = name === FALLBACK ? [FALLBACK] : [name, FALLBACK];
  const made = await Promise.all(order.map(bundleOf));
  if (turn < loaded) return;
  loaded = turn;
  bundles = made;
}

async function bundleOf(name) {
  const bundle = new FluentBundle([regional(name), name]);
  const texts = await Promise.all([...areas].map((area) => catalogue(name, area)));
  for (const text of texts) for (const error of bundle.addResource(new FluentResource(text))) console.error('catalogue', error);
  return bundle;
}

/** @type {Map<string, Promise<string>>} */
const fetched = new Map();

function catalogue(name, area) {
  const address = new URL(`./locales/${name}/${area}.ftl`, import.meta.url).href;
  if (!fetched.has(address)) {
    fetched.set(address, fetch(address).then((response) => {
      if (!response.ok) throw new Error(`${response.status} for ${address}`);
      return response.text();
    }));
  }
  return fetched.get(address).catch((error) => {
    fetched.delete(address);
    console.error('catalogue', error);
    return '';
  });
}

/** The browser's own kind of the language: somebody from Vienna writes dates as they do there. */
function regional(name) {
  return navigator.languages.find((tag) => tag.split('-')[0].toLowerCase() === name) ?? name;
}

function format(Kind, options) {
  const key = `${Kind.name} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Kind(regional(code), options));
  return formats.get(key);
}
