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

/** Without the isolates that stand around names and numbers in sentences. */
const says = (person, testid, text) =>
  person.until(`${testid} says ${text}`, (id, wanted) =>
    document.querySelector(`[data-testid="${id}"]`)?.textContent.replace(/[\u2068\u2069]/g, '').includes(wanted), testid, text);

/** Opens a section by the navigation, and waits until it is the one that is shown. */
async function goes(person, section) {
  await person.click(`nav-${section}`);
  await person.until(`${section} is shown`, (id) => document.querySelector(`[data-testid="nav-${id}"]`)?.ariaCurrent === 'page', section);
}

const text = (person, testid) => person.page.$eval(`[data-testid="${testid}"]`, (element) => element.textContent);

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

  await goes(alice, 'explain');
  await alice.type('explain-link', service.dev.meeting.join_url);
  await alice.click('explain');
  await says(alice, 'explanation', 'CsTeamsMeetingConfiguration.DisableAnonymousJoin');
  await says(alice, 'explanation', 'Set-CsTeamsMeetingConfiguration -DisableAnonymousJoin $false');

  await goes(alice, 'audit');
  await alice.click('audit-sensitive');
  await says(alice, 'findings', 'meeting Loan consultation');

  // What was entered is still there.
  await goes(alice, 'settings');
  await says(alice, 'changes', 'This has changed');
  await alice.click('CsTeamsMeetingConfiguration.DisableAnonymousJoin');
  await alice.click('apply');
  await says(alice, 'changes', 'anonymous_join_disabled');
  const late = await guest(browser, service, 'Late');
  await late.sees('lobby');
  assert.deepEqual(alice.page.problems, []);
  await late.page.close();
});

test('running meetings are seen as they change, and ended', async () => {
  const alice = await signsIn(service.dev.users[0]);
  await goes(alice, 'meetings');
  const name = '<img src=x onerror=alert(1)>';
  const mallory = await guest(browser, service, name);
  await mallory.sees('lobby');
  await says(alice, 'meetings', service.dev.meeting.subject);
  await says(alice, 'meeting-waiting', '<img src=x onerror=alert(1)>');
  assert.equal(await alice.page.$('[data-testid="meetings"] img'), null, 'a name is text');
  const bob = new Person('Bob', await browser.person());
  await bob.open(`${service.origin}/teams`);
  await bob.signsInAndJoins(service.dev.users[1]);
  await says(alice, 'meeting-people', service.dev.users[1].display_name);
  await says(alice, 'meeting-people', 'Presenter');

  await alice.click('end-meeting');
  await alice.click('cancel');
  assert.equal(await alice.count('meeting'), 1);
  await alice.click('end-meeting');
  await alice.click('confirm');
  const reason = await mallory.endReason();
  assert.equal(reason.key, 'ended');
  await alice.until('the meeting is gone', () => document.querySelectorAll('[data-testid="meeting"]').length === 0);
  assert.deepEqual(alice.page.problems, []);
  await Promise.all([bob.page.close(), mallory.page.close()]);
});

test('a policy is made and granted, and a label fixes something', async () => {
  const [alice, bob] = service.dev.users;
  const person = await signsIn(alice);
  const chooses = (testid, value) => person.page.select(`[data-testid="${testid}"]`, value);
  await person.type('policy-name', 'Consultants');
  await person.click('add-policy');
  await chooses('CsTeamsMeetingPolicy-Consultants.AutoAdmittedUsers', 'InvitedUsers');
  await person.click('CsTeamsMeetingPolicy-Consultants.BlockedAnonymousJoinClientTypes.Teams');
  for (const [kind, name] of [['SensitivityLabel', 'Confidential'], ['MeetingTemplate', 'Hearing']]) {
    await chooses('policy-kind', kind);
    await person.type('policy-name', name);
    await person.click('add-policy');
  }
  await chooses('SensitivityLabel-Confidential.lobbyScope', 'organizer');
  await chooses('SensitivityLabel-Confidential.watermark', 'true');
  await chooses('SensitivityLabel-Confidential.watermark', '');
  await chooses('MeetingTemplate-Hearing.allowRecording', 'false');
  await person.click('add-grant');
  await person.type('grant-0-who', bob.upn);
  await person.click('apply');
  await says(person, 'changes', 'This has changed');
  await says(person, 'changes', bob.upn);

  await goes(person, 'policies');
  await person.type('effective-user', bob.upn);
  await person.click('effective-show');
  await says(person, 'granted-CsTeamsMeetingPolicy', 'Consultants, granted to the user');
  await says(person, 'effective', 'InvitedUsers');
  await chooses('effective-label', 'Confidential');
  await says(person, 'effective', 'Sensitivity label Confidential');
  await chooses('effective-template', 'Hearing');
  await says(person, 'effective', 'Meeting template Hearing');

  // Taken back, everything is as it was.
  await goes(person, 'settings');
  await person.click('grant-0-remove');
  assert.equal(await person.page.evaluate(() => document.activeElement?.dataset.testid), 'add-grant');
  for (const one of ['CsTeamsMeetingPolicy-Consultants', 'SensitivityLabel-Confidential', 'MeetingTemplate-Hearing']) {
    await person.click(`remove-${one}`);
  }
  await person.click('apply');
  await says(person, 'changes', 'InvitedUsers');
  await person.page.reload();
  await person.sees('apply');
  assert.equal(await person.count('grant-0-who'), 0);
  assert.equal(await person.count('remove-SensitivityLabel-Confidential'), 0);
  assert.deepEqual(person.page.problems, []);
});

test('effective values say where they come from', async () => {
  const alice = await signsIn(service.dev.users[0]);
  await goes(alice, 'policies');
  await alice.type('effective-user', service.dev.users[1].upn);
  await alice.click('effective-show');
  await says(alice, 'granted-CsTeamsMeetingPolicy', 'since no other is granted');
  await says(alice, 'effective', 'AutoAdmittedUsers');
  await says(alice, 'effective', 'lobbyBypassSettings.scope');
  await alice.type('effective-user', 'nobody');
  await alice.click('effective-show');
  await says(alice, 'effective-problem', 'There is no such user');
});

test('an operator sees keys on request, and replaces one', async () => {
  const alice = await signsIn(service.dev.users[0]);
  await goes(alice, 'resources');
  await says(alice, 'resource-facts', 'primary 0, secondary 0');
  const key = service.dev.connection_string.split('accesskey=')[1];
  assert.ok(!(await alice.page.content()).includes(key), 'no key before it is asked for');
  await alice.click('reveal');
  await alice.sees('secret-primaryKey');
  const old = await text(alice, 'secret-secondaryKey');
  assert.equal(await text(alice, 'secret-primaryConnectionString'), service.dev.connection_string);
  await alice.click('rotate-secondary');
  await alice.click('confirm');
  await says(alice, 'resource-facts', 'primary 0, secondary 1');
  await alice.until('another key is shown', (before) => {
    const shown = document.querySelector('[data-testid="secret-secondaryKey"]')?.textContent;
    return Boolean(shown) && shown !== before;
  }, old);
  // Out of view they are gone.
  await goes(alice, 'tenants');
  await says(alice, 'tenants', 'contoso');
  await goes(alice, 'resources');
  assert.ok(!(await alice.page.content()).includes(key), 'no key any more');
  assert.deepEqual(alice.page.problems, []);
});

test('errors are found by their codes', async () => {
  const alice = await signsIn(service.dev.users[0]);
  await goes(alice, 'errors');
  await alice.sees('error-anonymous_join_disabled');
  await alice.type('errors-search', '990010');
  await says(alice, 'errors-count', 'One error.');
  await alice.sees('error-anonymous_join_disabled');
  assert.equal(await alice.count('error-denied'), 0);
});

test('the page is in the chosen language, by keyboard too, and fits a phone', async () => {
  const alice = await signsIn(service.dev.users[0]);
  await alice.sees('apply');
  await alice.page.select('[data-testid="language"]', 'de');
  await says(alice, 'nav-meetings', 'Laufende Besprechungen');
  assert.equal(await alice.page.$eval('html', (html) => html.lang), 'de');
  // The address opens a section, and the heading has the focus.
  await alice.page.focus('[data-testid="nav-errors"]');
  await alice.page.keyboard.press('Enter');
  await alice.until('the heading has the focus', () => document.activeElement?.tagName === 'H1' && document.activeElement.textContent === 'Fehlerkatalog');
  await alice.page.setViewport({ width: 360, height: 740 });
  for (const section of ['settings', 'policies', 'meetings', 'explain', 'audit', 'tenants', 'resources', 'errors']) {
    await goes(alice, section);
    const wide = await alice.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `${section} is ${wide} pixels too wide`);
  }
  assert.deepEqual(alice.page.problems, []);
});

test('a mistake is told, and who does not administer is not let in', async () => {
  const alice = await signsIn(service.dev.users[0]);
  await alice.sees('apply');
  await alice.type('policy-name', 'Global');
  await alice.click('add-policy');
  await says(alice, 'problem', 'There is a Global already.');
  await alice.click('add-grant');
  await alice.type('grant-0-who', 'nobody@contoso.example');
  await alice.click('dry-run');
  await says(alice, 'problem', 'no user or group "nobody@contoso.example" in the tenant');

  const bob = await signsIn(service.dev.users[1]);
  await says(bob, 'problem', 'You do not administer this organization.');
});
