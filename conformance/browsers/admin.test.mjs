/** The administrators' page in Chromium. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openBrowser } from './lib/browser.mjs';
import { guest } from './lib/flow.mjs';
import { Person } from './lib/person.mjs';
import { startService } from '../lib/service.mjs';

let service;
let browser;

before(async () => {
  service = await startService();
  browser = await openBrowser('chromium');
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

async function signsIn(user) {
  const person = new Person(user.display_name, await browser.person());
  await person.open(`${service.origin}/admin`);
  await person.type('upn', user.upn);
  await person.type('password', user.password);
  await person.click('sign-in');
  return person;
}

const says = (person, testid, text) =>
  person.until(`${testid} says ${text}`, (id, wanted) => document.querySelector(`[data-testid="${id}"]`)?.textContent.includes(wanted), testid, text);

test('an administrator changes a setting, and a guest in the lobby feels it', async () => {
  const dana = await guest(browser, service, 'Dana');
  await dana.sees('lobby');
  const alice = await signsIn(service.dev.users[0]);
  await alice.click('CsTeamsMeetingConfiguration.DisableAnonymousJoin');
  await alice.click('dry-run');
  await says(alice, 'changes', 'This would change');
  await says(alice, 'changes', 'anonymous_join_disabled');
  await dana.sees('lobby');
  await alice.click('apply');
  await says(alice, 'changes', 'This has changed');
  const reason = await dana.endReason();
  assert.deepEqual([reason.key, reason.subCode], ['anonymous_join_disabled', 990_010]);

  await alice.type('explain-link', service.dev.meeting.join_url);
  await alice.click('explain');
  await says(alice, 'explanation', 'CsTeamsMeetingConfiguration.DisableAnonymousJoin');
  await says(alice, 'explanation', 'Set-CsTeamsMeetingConfiguration -DisableAnonymousJoin $false');

  await alice.click('audit-sensitive');
  await says(alice, 'findings', 'meeting Loan consultation');

  await alice.click('CsTeamsMeetingConfiguration.DisableAnonymousJoin');
  await alice.click('apply');
  await says(alice, 'changes', 'anonymous_join_disabled');
  const late = await guest(browser, service, 'Late');
  await late.sees('lobby');
  assert.deepEqual(alice.page.problems, []);
});

test('a mistake is told, and who does not administer is not let in', async () => {
  const alice = await signsIn(service.dev.users[0]);
  await alice.sees('apply');
  await alice.type('policy-name', 'Customers');
  await alice.click('add-policy');
  await alice.type('CsTeamsMeetingPolicy-Customers.AutoAdmittedUsers', 'X');
  await alice.click('dry-run');
  await says(alice, 'problem', 'CsTeamsMeetingPolicy.Customers: unknown variant');

  const bob = await signsIn(service.dev.users[1]);
  await says(bob, 'problem', 'You do not administer this organization.');
});
