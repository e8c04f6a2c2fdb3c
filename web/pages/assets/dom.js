/**
 * Small DOM helpers. Text always becomes text nodes: nothing that came from the network is ever parsed as HTML.
 * @module dom
 */

/**
 * Creates an element.
 *
 * @param {string} tag
 * @param {object} [props] `class`, `text`, `testid`, `on` (event listeners), `data` (dataset), `props` (IDL properties);
 *   everything else is set as an attribute (`true` = empty attribute, `false`/`null`/`undefined` = absent).
 * @param {...(Node|string|null|false|undefined)} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'class') element.className = value;
    else if (name === 'text') element.textContent = value;
    else if (name === 'testid') element.dataset.testid = value;
    else if (name === 'on') for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (name === 'props') Object.assign(element, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * Sets or removes an attribute, and leaves the DOM alone when nothing changes.
 * @param {Element} element
 * @param {string} name
 * @param {string|boolean|null} value
 */
export function setAttribute(element, name, value) {
  if (value === null || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? '' : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * Sets the text of an element, and leaves the DOM (and screen readers) alone when nothing changes.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of `parent` the given elements, in this order, moving as little as possible: a moved video
 * element would pause. What has the focus keeps it.
 * @param {Element} parent
 * @param {Element[]} wanted
 */
export function arrange(parent, wanted) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  let at = parent.firstElementChild;
  for (const element of wanted) {
    if (element === at) at = at.nextElementSibling;
    else parent.insertBefore(element, at);
  }
  if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

/**
 * Makes a change to a list. When what has the focus is gone with its row, the row that took its place gets it: the control
 * of the same kind, else the first; without any, `fallback`.
 *
 * @param {Element} list its children are the rows
 * @param {HTMLElement} fallback
 * @param {() => void} change
 */
export function keepFocus(list, fallback, change) {
  const focused = list.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
  const index = focused ? [...list.children].findIndex((row) => row.contains(focused)) : -1;
  change();
  if (!focused || (focused.isConnected && focused.getClientRects().length > 0)) return;
  const row = list.children[Math.min(Math.max(index, 0), list.children.length - 1)];
  const control = row?.querySelector(`[data-testid="${focused.dataset.testid}"]`) ?? row?.querySelector('button');
  const target = control ?? fallback;
  if (!control) fallback.tabIndex = -1;
  target.focus({ preventScroll: true });
}

/**
 * Shows one view in a container and moves focus to its heading, so that screen readers announce the change.
 * @param {Element} container
 * @param {HTMLElement} view
 * @param {{focus?: boolean}} [options]
 */
export function showView(container, view, { focus = true } = {}) {
  container.replaceChildren(view);
  if (!focus) return;
  const target = view.querySelector('[autofocus]') ?? view.querySelector('h1, h2');
  if (!target) return;
  if (!target.matches('input, button, textarea, select, a[href]')) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

/**
 * Up to two initials for an avatar.
 * @param {string} name
 * @returns {string}
 */
export function initials(name) {
  const words = name
    .replace(/\(.*?\)/g, ' ')
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words.slice(0, 1);
  return picked.map((word) => [...word].find((letter) => /[\p{L}\p{N}]/u.test(letter)).toLocaleUpperCase()).join('') || '?';
}

/**
 * One of eight avatar colours, always the same for one name.
 * @param {string} name
 * @returns {string} for `data-tone`
 */
export function tone(name) {
  let hash = 7;
  for (const letter of name) hash = (hash * 37 + letter.codePointAt(0)) >>> 0;
  return String(((hash ^ (hash >>> 7) ^ (hash >>> 15)) >>> 0) % 8);
}
