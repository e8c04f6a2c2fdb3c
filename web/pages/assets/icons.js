/**
 * Line icons, 24 × 24, drawn with the current text colour.
 * @module icons
 */

const NAMESPACE = 'http://www.w3.org/2000/svg';

/** Path data per icon; every path is stroked. */
const PATHS = {
  mic: ['M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3z', 'M5.5 10.5a6.5 6.5 0 0 0 13 0', 'M12 17v4', 'M8.5 21h7'],
  'mic-off': ['M15 9.3V6a3 3 0 0 0-5.7-1.3', 'M9 9v2a3 3 0 0 0 4.6 2.5', 'M5.5 10.5a6.5 6.5 0 0 0 10.7 5', 'M18.4 12a6.6 6.6 0 0 0 .1-1.5', 'M12 17v4', 'M8.5 21h7', 'M3 3l18 18'],
  camera: ['M4.5 6.5h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2z', 'M15.5 10.5l6-3.5v10l-6-3.5'],
  'camera-off': ['M9.5 6.5h4a2 2 0 0 1 2 2v4', 'M15.4 16a2 2 0 0 1-1.9 1.5h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 1.5-1.9', 'M15.5 10.5l6-3.5v10l-3-1.75', 'M3 3l18 18'],
  screen: ['M4 4.5h16a1.5 1.5 0 0 1 1.5 1.5v10a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 16V6A1.5 1.5 0 0 1 4 4.5z', 'M8.5 21h7', 'M12 14V8', 'M9.2 10.6L12 7.8l2.8 2.8'],
  'screen-off': ['M4 4.5h16a1.5 1.5 0 0 1 1.5 1.5v10a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 16V6A1.5 1.5 0 0 1 4 4.5z', 'M8.5 21h7', 'M9.5 8.5l5 5', 'M14.5 8.5l-5 5'],
  leave: ['M3.2 14.6c-.9-1-.9-2.4.1-3.3C8 7 16 7 20.7 11.3c1 .9 1 2.3.1 3.3l-1 1.1c-.4.4-1 .5-1.5.2l-2.5-1.4a1.2 1.2 0 0 1-.6-1.2l.2-1.7a12 12 0 0 0-6.8 0l.2 1.7c.1.5-.2 1-.6 1.2l-2.5 1.4c-.5.3-1.1.2-1.5-.2z'],
  end: ['M5 5h14v14H5z'],
  pin: ['M9.5 4h5l-.7 6.2 3 2.8v2H7.2v-2l3-2.8z', 'M12 15v5.5'],
  unpin: ['M10 4h4.5l-.6 5.4', 'M13.5 15H7.2v-2l2.3-2.2', 'M12 15v5.5', 'M4 4l16 16'],
  back: ['M14.5 5.5L8 12l6.5 6.5'],
  forward: ['M9.5 5.5L16 12l-6.5 6.5'],
  down: ['M12 5v13', 'M6.5 12.5L12 18l5.5-5.5'],
  chevron: ['M7 14l5-5 5 5'],
  play: ['M8 5.5l10 6.5-10 6.5z'],
  signal: ['M3.5 9.5a12.5 12.5 0 0 1 17 0', 'M6.5 13a8 8 0 0 1 11 0', 'M9.5 16.3a3.7 3.7 0 0 1 5 0', 'M12 19.6v.1'],
  settings: ['M4 7h9', 'M17 7h3', 'M15 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4z', 'M4 17h3', 'M11 17h9', 'M9 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4z', 'M4 12h16'],
  sun: ['M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z', 'M12 3v1.5', 'M12 19.5V21', 'M3 12h1.5', 'M19.5 12H21', 'M5.6 5.6l1.1 1.1', 'M17.3 17.3l1.1 1.1', 'M18.4 5.6l-1.1 1.1', 'M6.7 17.3l-1.1 1.1'],
  moon: ['M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z'],
  layout: ['M4 5h16v14H4z', 'M15 5v14', 'M15 9.7h5', 'M15 14.3h5'],
  people: ['M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z', 'M2.5 20a6.5 6.5 0 0 1 13 0', 'M15.5 4.3a3.5 3.5 0 0 1 0 6.4', 'M18 14.3a6.5 6.5 0 0 1 3.5 5.7'],
  chat: ['M5 4.5h14a2 2 0 0 1 2 2v8.5a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6.5a2 2 0 0 1 2-2z', 'M8 9h8', 'M8 12.5h5'],
  send: ['M4 12L3.5 4.5 21 12 3.5 19.5z', 'M4 12h8'],
  copy: ['M9 8.5h9a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5H9A1.5 1.5 0 0 1 7.5 19v-9A1.5 1.5 0 0 1 9 8.5z', 'M16.5 5.5V5A1.5 1.5 0 0 0 15 3.5H6A1.5 1.5 0 0 0 4.5 5v9A1.5 1.5 0 0 0 6 15.5'],
  check: ['M4.5 12.5l5 5 10-11'],
  close: ['M6 6l12 12', 'M18 6L6 18'],
  arch: ['M4.5 20.5V11a7.5 7.5 0 0 1 15 0v9.5', 'M9 20.5V12a3 3 0 0 1 6 0v8.5', 'M2.5 20.5h19'],
  speaker: ['M4 9.5v5h3.5l4.5 4v-13l-4.5 4z', 'M15.5 9a4 4 0 0 1 0 6', 'M18 6.5a7.5 7.5 0 0 1 0 11'],
  alert: ['M12 4L2.8 19.5h18.4z', 'M12 10v4.5', 'M12 17v.1'],
  clock: ['M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z', 'M12 7v5.3l3.3 2'],
  calendar: ['M4.5 5.5h15v15h-15z', 'M4.5 10h15', 'M8.5 3v4', 'M15.5 3v4'],
  remove: ['M9.5 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z', 'M3 20a6.5 6.5 0 0 1 12-3.5', 'M16.5 9l5 5', 'M21.5 9l-5 5'],
  hand: ['M8 12.5V5.5a1.4 1.4 0 0 1 2.8 0V11', 'M10.8 10.5V4.2a1.4 1.4 0 0 1 2.8 0v6.3', 'M13.6 10.8V5.5a1.4 1.4 0 0 1 2.8 0V14a6.5 6.5 0 0 1-6.5 6.5c-2.4 0-3.9-1.2-5-3.2l-2-3.6a1.3 1.3 0 0 1 2.2-1.4L8 15'],
  smile: ['M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z', 'M8.3 14a4.4 4.4 0 0 0 7.4 0', 'M9 9.5v.1', 'M15 9.5v.1'],
  more: ['M5.5 12v.1', 'M12 12v.1', 'M18.5 12v.1'],
  spotlight: ['M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1.1 5.9-5.3-2.9-5.3 2.9 1.1-5.9-4.3-4.1 5.9-.8z'],
  lock: ['M6 10.5h12v10H6z', 'M8.5 10.5V7.5a3.5 3.5 0 0 1 7 0v3'],
  record: ['M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12z'],
  'sign-out': ['M10 4.5H5.5v15H10', 'M14.5 8l4.5 4-4.5 4', 'M19 12H9.5'],
};

/**
 * @param {keyof typeof PATHS} name
 * @returns {SVGSVGElement} hidden from assistive technology: the control around it has the label
 */
export function icon(name) {
  const svg = document.createElementNS(NAMESPACE, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  for (const data of PATHS[name]) {
    const path = document.createElementNS(NAMESPACE, 'path');
    path.setAttribute('d', data);
    svg.append(path);
  }
  return svg;
}

/**
 * Replaces the icon inside `element` when it is another one.
 * @param {Element} element
 * @param {string} name
 */
export function setIcon(element, name) {
  const holder = /** @type {HTMLElement} */ (element);
  if (holder.dataset.icon === name) return;
  holder.dataset.icon = name;
  const old = holder.querySelector('svg.icon');
  if (old) old.replaceWith(icon(name));
  else holder.prepend(icon(name));
}
