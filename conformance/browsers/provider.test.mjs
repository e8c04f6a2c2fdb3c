/** Signing in at an external OpenID Connect provider by its button, in Chromium. The provider is a second host. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { openBrowser } from './lib/browser.mjs';
import { Person } from './lib/person.mjs';
import { ownEnvironment, startService } from '../lib/service.mjs';

const ISSUER_NAME = 'Fabrikam & Sons';

let provider;
let service;
let browser;
let issuer;

/** A command for whoever operates the host with this data. */
async function operates(host, ...words) {
  await promisify(execFile)(process.env.ANTEROOM_BIN, [...words, '--data', host.data], { env: ownEnvironment() });
}

before(async () => {
  provider = await startService('# Nothing but the defaults: a host of its own, whatever else runs.\n');
  const { endpoint, tenant_id: tenant, app } = provider.dev;
  issuer = `${endpoint}/${tenant}/v2.0`;
  service = await startService(`
    [[sign_in.providers]]
    id = "fabrikam"
    tenant = "contoso"
    name = "${ISSUER_NAME}"
    issuer = "${issuer}"
    client_id = "${app.client_id}"
    client_secret = "${app.client_secret}"
    subject_claim = "oid"
    ca = "${provider.data}/tls/ca.pem"
  `);
  await operates(provider, 'app', 'add-redirect-uri', app.client_id, `${service.origin}/contoso/login/fabrikam/callback`);
  // The provider's authority is one of its own.
  browser = await openBrowser('chromium', { arguments: ['--ignore-certificate-errors'] });
});

after(async () => {
  await browser?.close();
  await service?.stop();
  await provider?.stop();
});

/** Somebody follows the button of a page, and signs in where it leads. */
async function signsIn(page, { upn, password }) {
  const person = new Person(upn, await browser.person());
  await person.open(`${service.origin}/${page}`);
  await person.click('provider');
  await person.page.waitForSelector('input[name=username]', { visible: true });
  assert.equal(new URL(person.page.url()).origin, new URL(provider.dev.endpoint).origin);
  await person.page.type('input[name=username]', upn);
  await person.page.type('input[name=password]', password);
  await person.page.click('button[name=step][value=password]');
  return person;
}

test('who is linked signs in by the button, and comes back to the page', async () => {
  const bob = service.dev.users[1];
  await operates(service, 'user', 'link', bob.upn, '--issuer', issuer, '--subject', provider.dev.users[0].object_id);
  const person = await signsIn('teams', provider.dev.users[0]);
  await person.sees('meeting-item');
  const here = new URL(person.page.url());
  assert.deepEqual([here.origin, here.pathname], [service.origin, '/teams']);
  await person.until('Bob is signed in', (name) => document.body.textContent.includes(name), bob.display_name);
  // As himself, not as the one the provider knows.
  await person.click('join');
  await person.sees('in-call');
  assert.deepEqual(person.page.problems, []);
});

test('who is not linked is told so, on a page with a way on', async () => {
  const person = await signsIn('admin', provider.dev.users[1]);
  await person.until('refused', () => document.body.textContent.includes('you have no account here'));
  assert.equal(new URL(person.page.url()).origin, service.origin);
  await person.page.waitForSelector('a.button', { visible: true });
});
