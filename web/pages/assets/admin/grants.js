/**
 * To whom policies are granted: a line for each grant.
 * @module admin/grants
 */

import { h } from '../dom.js';
import { t } from '../i18n.js';
import { choice, group } from './controls.js';

/** The policy that applies to whom nothing else is granted; granted to a user, it goes before those of groups. */
const GLOBAL = 'Global';

export class Grants {
  #draft;
  #types;
  #lines = h('div', { class: 'grants', testid: 'grants' });
  #add;

  /**
   * @param {{Grant: object[]}} draft of the tenant's file, which is written to
   * @param {string[]} types of policies
   */
  constructor(draft, types) {
    this.#draft = draft;
    this.#types = types;
    this.#add = h('button', { type: 'button', testid: 'add-grant', text: t('admin-grant-add'), on: { click: () => this.#added() } });
    this.element = group('Grant', h('p', { class: 'fine-print', text: t('admin-grant-explained') }), this.#lines, this.#add);
    this.draw();
  }

  /** Shows the grants as they are now, with the policies there are. */
  draw() {
    this.#lines.replaceChildren(...this.#draft.Grant.map((grant, index) => this.#line(grant, index)));
  }

  #added() {
    const [PolicyType] = this.#types;
    this.#draft.Grant.push({ PolicyType, PolicyName: this.#first(PolicyType), User: '', Rank: 0 });
    this.draw();
    this.#lines.lastElementChild?.querySelector('select')?.focus();
  }

  #removed(index) {
    this.#draft.Grant.splice(index, 1);
    this.draw();
    (this.#lines.children[Math.min(index, this.#lines.children.length - 1)]?.querySelector('select') ?? this.#add).focus();
  }

  #line(grant, index) {
    const toGroup = grant.Group !== undefined;
    const testid = (part) => `grant-${index}-${part}`;
    const labelled = (part, text, control, { lang, narrow = false } = {}) => {
      control.dataset.testid = testid(part);
      return h('label', { class: narrow ? 'field narrow' : 'field' }, h('span', { text, lang }), control);
    };
    const type = choice(grant.PolicyType, this.#types, (chosen) => {
      grant.PolicyType = chosen;
      grant.PolicyName = this.#first(chosen);
      this.draw();
      this.#focus(testid('type'));
    });
    // One that is not there any more is shown all the same: the service says so.
    const names = [...new Set([...this.#policies(grant.PolicyType), grant.PolicyName])];
    const policy = choice(grant.PolicyName, names, (chosen) => (grant.PolicyName = chosen));
    const kind = choice(toGroup ? 'Group' : 'User', ['User', 'Group'], (chosen) => {
      const who = grant.User ?? grant.Group;
      delete grant.User;
      delete grant.Group;
      grant[chosen] = who;
      this.draw();
      this.#focus(testid('kind'));
    });
    const who = h('input', {
      value: grant.User ?? grant.Group,
      required: true,
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      placeholder: toGroup ? '' : 'bob@contoso.example',
      on: { change: () => (grant[toGroup ? 'Group' : 'User'] = who.value.trim()) },
    });
    const rank = h('input', { type: 'number', min: 0, value: grant.Rank, on: { change: () => (grant.Rank = Number(rank.value)) } });
    return h(
      'div',
      { class: 'admin-line grant', role: 'group', 'aria-label': t('admin-grant-number', { number: index + 1 }) },
      labelled('type', 'PolicyType', type, { lang: 'en' }),
      labelled('policy', 'PolicyName', policy, { lang: 'en' }),
      labelled('kind', t('admin-grant-to'), kind, { narrow: true }),
      labelled('who', t('admin-grant-who'), who),
      toGroup ? labelled('rank', 'Rank', rank, { lang: 'en', narrow: true }) : null,
      h('button', { type: 'button', testid: testid('remove'), text: t('admin-remove'), on: { click: () => this.#removed(index) } }),
    );
  }

  #focus(testid) {
    this.#lines.querySelector(`[data-testid="${testid}"]`)?.focus();
  }

  #policies(type) {
    return Object.keys(this.#draft[type]);
  }

  #first(type) {
    return this.#policies(type).find((name) => name !== GLOBAL) ?? GLOBAL;
  }
}
