/** A person without a mouse: Tab, Enter, Space, and letters where text is typed. */

import assert from 'node:assert/strict';

/** Stops of the Tab key within which everything has to be reached. */
const MOST_STOPS = 60;

/**
 * What has the focus, and whether that can be seen: in the window, and marked by an outline, a shadow or a border that it
 * does not have without.
 */
function focus() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const look = (one) => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor } = getComputedStyle(one);
    const outlined = outlineStyle !== 'none' && parseFloat(outlineWidth) > 0 && !/, 0\)$|transparent/.test(outlineColor);
    return { outlined, rest: [boxShadow, borderColor, backgroundColor].join(' ') };
  };
  // A field may be marked by what is around it.
  const marked = [element, element.parentElement].map(look);
  const { x, y, width, height } = element.getBoundingClientRect();
  const [middleX, middleY] = [x + width / 2, y + height / 2];
  return {
    testid: element.dataset.testid ?? null,
    name: element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText ?? '',
    html: element.cloneNode(false).outerHTML.slice(0, 160),
    outlined: marked.some(({ outlined }) => outlined),
    // Focus moves away for a moment to see whether it made a difference.
    differs: !marked.some(({ outlined }) => outlined) && (() => {
      element.blur();
      const without = [element, element.parentElement].map(look);
      element.focus();
      return marked.some(({ rest }, index) => rest !== without[index].rest);
    })(),
    inWindow: width > 0 && height > 0 && middleX >= 0 && middleY >= 0 && middleX <= window.innerWidth && middleY <= window.innerHeight,
  };
}

/** Goes through a page by keyboard. */
export class Keyboard {
  /** Where the focus has been: test ids, or the element. @type {string[]} */
  stops = [];

  /** @param {import('./person.mjs').Person} person */
  constructor(person) {
    this.person = person;
  }

  /**
   * Presses Tab until the element has the focus; at every stop focus has to be visible.
   * @param {string} testid
   */
  async tabsTo(testid) {
    await this.person.sees(testid);
    for (let stop = 0; stop < MOST_STOPS; stop += 1) {
      const at = await this.visibleFocus();
      if (at?.testid === testid) return;
      await this.person.page.keyboard.press('Tab');
    }
    assert.fail(`${testid} is not reached by Tab; the stops were: ${this.stops.slice(-MOST_STOPS).join(' → ')}`);
  }

  /** What has the focus; fails when that cannot be seen or has no name. */
  async visibleFocus() {
    const at = await this.person.page.evaluate(focus);
    if (!at) return null;
    this.stops.push(at.testid ?? at.html);
    // A heading that a new view has put the focus on is no stop of the Tab key.
    if (/^<h[1-6]|tabindex="-1"/.test(at.html)) return at;
    assert.ok(at.inWindow, `focus is out of sight at ${at.html}`);
    assert.ok(at.outlined || at.differs, `focus does not show at ${at.html}`);
    assert.ok(at.name.trim() !== '' || /<(input|textarea|select|video|div)/.test(at.html), `${at.html} has no name`);
    return at;
  }

  /** @param {'Enter'|'Space'} key on the element with the focus, once it can be pressed */
  async presses(testid, key) {
    await this.tabsTo(testid);
    await this.person.until(`finds ${testid} enabled`, (id) => !document.querySelector(`[data-testid="${id}"]`).disabled, testid);
    await this.person.page.keyboard.press(key);
  }

  /** Reaches a field and types. */
  async types(testid, text) {
    await this.tabsTo(testid);
    await this.person.page.keyboard.type(text);
  }
}
