/**
 * All tenants of the service, for its operators.
 * @module admin/tenants
 */

import { h } from '../dom.js';
import { formatNumber, t } from '../i18n.js';
import { attempt, card, problemLine, table } from './parts.js';

/** @returns {import('./parts.js').Section} */
export function tenantsSection({ service, me, lookAfter }) {
  const problem = problemLine('tenants-problem');
  const list = h('div', { testid: 'tenants' });

  function button(tenant) {
    if (tenant.id === me.tenant.id) return h('span', { class: 'fine-print', text: t('admin-this-tenant') });
    const change = () => attempt(problem, () => lookAfter(tenant.id));
    return h('button', { type: 'button', class: 'small', testid: `tenant-${tenant.name}`, 'aria-label': t('admin-look-after-name', { tenant: tenant.name }), text: t('admin-look-after'), on: { click: change } });
  }

  return {
    element: card(t('admin-tenants'), t('admin-tenants-lead'), problem, list),
    shown: () =>
      attempt(problem, async () => {
        const tenants = await service.get('tenants');
        const rows = tenants.map((tenant) => ({ cells: [tenant.name, h('code', { text: tenant.id }), formatNumber(tenant.users), button(tenant)] }));
        list.replaceChildren(table(t('admin-tenants'), [t('admin-name'), t('admin-id'), t('admin-users'), ''], rows));
      }),
  };
}
