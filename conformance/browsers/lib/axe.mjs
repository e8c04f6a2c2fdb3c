/** axe-core in a page: what keeps people with disabilities out. */

import assert from 'node:assert/strict';

import axe from 'axe-core';

/** Every rule of WCAG 2.2 A and AA, and what axe calls best practice. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What fails a test. */
const GRAVE = ['serious', 'critical'];

/**
 * Fails when the page, as it stands, breaks a rule gravely, in light or in dark.
 * @param {import('./person.mjs').Person} person of Chromium
 * @param {string} state for the error message
 * @param {('light'|'dark')[]} [schemes]
 */
export async function accessible(person, state, schemes = ['light', 'dark']) {
  const found = [];
  for (const scheme of schemes) {
    await person.page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: scheme },
      // Nothing is measured halfway between two colours.
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ]);
    await person.until('stands still', () => document.getAnimations().every(({ playState, effect }) =>
      playState !== 'running' || effect?.getComputedTiming().endTime === Infinity));
    // Through the debugger, where no content security policy is in the way.
    if (!(await person.page.evaluate(() => 'axe' in window))) await person.page.evaluate(axe.source);
    const violations = await person.page.evaluate(
      async (tags) => (await window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] })).violations.map(({ id, impact, help, nodes }) => ({
        id,
        impact,
        help,
        nodes: nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)}\n      ${failureSummary.replaceAll('\n', ' ').slice(0, 300)}`),
      })),
      TAGS,
    );
    for (const { id, impact, help, nodes } of violations.filter((one) => GRAVE.includes(one.impact))) {
      found.push(`${state}, ${scheme}: ${id} (${impact}): ${help}\n    ${nodes.slice(0, 4).join('\n    ')}`);
    }
  }
  assert.deepEqual(found, [], `\n  ${found.join('\n  ')}\n`);
}
