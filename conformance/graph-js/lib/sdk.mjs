/**
 * Microsoft Graph's JavaScript client, unmodified: another base URL, another authority, and a `fetch` that records what
 * was asked and answered.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import tls from 'node:tls';

import { ClientSecretCredential } from '@azure/identity';
import { Client } from '@microsoft/microsoft-graph-client';
import azure from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';

import { errorCode, record } from '../../lib/results.mjs';

const require = createRequire(import.meta.url);

const LABEL = `JS graph-client ${version('@microsoft/microsoft-graph-client')}`;

const SCOPE = 'https://graph.microsoft.com/.default';

export class Sdk {
  /** @param {any} dev dev.json of the service */
  constructor(dev) {
    this.dev = dev;
    this.endpoint = dev.endpoint.replace(/\/$/, '');
    trust(readFileSync(dev.ca_file, 'utf8'));
    /** Statuses of Graph's answers, in order. */
    this.statuses = [];
    recordFetch(this.endpoint, this.statuses);
  }

  /** The client of the demo application, through @azure/identity. */
  app(secret = this.dev.app.client_secret) {
    const credential = new ClientSecretCredential(this.dev.tenant_id, this.dev.app.client_id, secret, {
      authorityHost: this.endpoint,
      disableInstanceDiscovery: true,
      retryOptions: { maxRetries: 0 },
    });
    return this.#client(new azure.TokenCredentialAuthenticationProvider(credential, { scopes: [SCOPE] }));
  }

  /** The client of a demo user. */
  async user(upn) {
    const { password } = this.dev.users.find((user) => user.upn === upn);
    const answer = await fetch(`${this.endpoint}/${this.dev.tenant_id}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', client_id: this.dev.public_app.client_id, username: upn, password, scope: SCOPE }),
    });
    assert.equal(answer.status, 200);
    const { access_token: token } = await answer.json();
    return this.of(token);
  }

  /** The client of whoever has this token. */
  of(token) {
    return this.#client({ getAccessToken: async () => token });
  }

  #client(authProvider) {
    return Client.initWithMiddleware({
      authProvider,
      baseUrl: `${this.endpoint}/`,
      customHosts: new Set([new URL(this.endpoint).hostname]),
    });
  }
}

/** The request is refused so, and the client can tell. */
export async function refused(status, code, request, message = '') {
  const error = await request().then(
    () => assert.fail('it was not refused'),
    (caught) => caught,
  );
  assert.equal(error.statusCode, status, error.stack);
  assert.equal(error.code, code);
  assert.ok(error.message.includes(message), error.message);
  assert.ok(error.requestId, 'the client finds the id of the request');
}

function version(name) {
  let directory = path.dirname(require.resolve(name));
  for (;;) {
    try {
      const about = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));
      if (about.version) return about.version;
    } catch {
      // Not here.
    }
    directory = path.dirname(directory);
  }
}

function recordFetch(endpoint, statuses) {
  const plain = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const url = typeof input === 'string' ? input : (input.url ?? String(input));
    const response = await plain(input, init);
    if (url.startsWith(`${endpoint}/v1.0`)) {
      statuses.push(response.status);
      const code = response.ok ? null : errorCode(await response.clone().text());
      record(LABEL, init?.method ?? input.method ?? 'GET', url.slice(endpoint.length), response.status, code);
    }
    return response;
  };
}

/** As NODE_EXTRA_CA_CERTS does, which Node reads at its start only. */
function trust(ca) {
  const create = tls.createSecureContext;
  tls.createSecureContext = (options) => {
    const made = create(options);
    made.context.addCACert(ca);
    return made;
  };
}
