/**
 * What tiers of protection find fault with.
 * @module admin/audit
 */

import { h } from '../dom.js';
import { t } from '../i18n.js';
import { attempt, card, outcomePlace, problemLine, table } from './parts.js';

/** As the service and Microsoft call them. */
const TIERS = ['baseline', 'sensitive', 'highly-sensitive'];

/** @returns {import('./parts.js').Section} */
export function auditSection({ service }) {
  const outcome = outcomePlace('findings');
  const problem = problemLine('audit-problem');

  async function compare(tier) {
    outcome.replaceChildren();
    await attempt(problem, async () => {
      const { findings } = await service.get('audit', { tier });
      if (findings.length === 0) {
        outcome.append(h('p', { text: t('admin-tier-met', { tier }) }));
        return;
      }
      const head = [t('admin-where'), t('admin-setting'), t('admin-value'), t('admin-wanted'), t('admin-consequence'), t('admin-fix')];
      const rows = findings.map((found) => ({ lang: 'en', cells: [found.place, found.setting, found.value, found.wanted, found.consequence, found.fix] }));
      outcome.append(table(t('admin-audit'), head, rows));
    });
  }

  return {
    element: card(
      t('admin-audit'),
      t('admin-audit-lead'),
      h(
        'div',
        { class: 'actions', role: 'group', 'aria-label': t('admin-tier') },
        ...TIERS.map((tier) => h('button', { type: 'button', testid: `audit-${tier}`, lang: 'en', text: tier, on: { click: () => compare(tier) } })),
      ),
      problem,
      outcome,
    ),
  };
}
