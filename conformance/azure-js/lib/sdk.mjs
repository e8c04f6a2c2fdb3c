/**
 * The official packages, unmodified. Clients are given public options only: a policy that records what was asked and
 * answered, and no retries, so that a fault is seen as itself.
 */

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import channel from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import path from 'node:path';
import tls from 'node:tls';
import { text } from 'node:stream/consumers';

import { ChatClient } from '@azure/communication-chat';
import { AzureCommunicationTokenCredential } from '@azure/communication-common';
import { CommunicationIdentityClient } from '@azure/communication-identity';
import { RoomsClient } from '@azure/communication-rooms';
import { ClientSecretCredential } from '@azure/identity';

import { errorCode, record } from './results.mjs';

const require = createRequire(import.meta.url);

/** Version of an installed package of `@azure/communication-…`. */
export function version(name) {
  // Not every package exports its package.json: go up from its entry.
  let directory = path.dirname(require.resolve(`@azure/communication-${name}`));
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

export const LABEL = {
  identity: `JS identity ${version('identity')}`,
  chat: `JS chat ${version('chat')}`,
  rooms: `JS rooms ${version('rooms')}`,
  common: `JS common ${version('common')}`,
};

export class Sdk {
  /** @param {any} dev dev.json of the service */
  constructor(dev) {
    this.dev = dev;
    this.endpoint = dev.endpoint.replace(/\/$/, '');
    this.key = /accesskey=(.*)$/.exec(dev.connection_string)[1];
    trust(readFileSync(dev.ca_file, 'utf8'));
  }

  /** With the connection string, or `[endpoint, credential]`. */
  identity(credential = [this.dev.connection_string], options = {}) {
    return new CommunicationIdentityClient(...credential, this.options(LABEL.identity, options));
  }

  rooms(credential = [this.dev.connection_string], options = {}) {
    return new RoomsClient(...credential, this.options(LABEL.rooms, options));
  }

  chat(token, { endpoint = this.endpoint, ...options } = {}) {
    return new ChatClient(endpoint, new AzureCommunicationTokenCredential(token), this.options(LABEL.chat, options));
  }

  /** A new identity with a token. */
  async user(scopes = ['chat']) {
    const { user, token } = await this.identity().createUserAndToken(scopes);
    const chat = this.chat(token);
    return {
      user,
      id: user.communicationUserId,
      token,
      chat,
      thread: (id) => chat.getChatThreadClient(id),
    };
  }

  /** The service's own issuer for applications, through @azure/identity. */
  clientSecret(secret = this.dev.app.client_secret) {
    return new ClientSecretCredential(this.dev.tenant_id, this.dev.app.client_id, secret, {
      authorityHost: this.endpoint,
      disableInstanceDiscovery: true,
      retryOptions: { maxRetries: 0 },
    });
  }

  /** A Teams user's token for Azure Communication Services, by the password grant. */
  async signIn({ upn, password }, scope = 'https://auth.msft.communication.azure.com/.default') {
    const fields = {
      grant_type: 'password',
      client_id: this.dev.app.client_id,
      client_secret: this.dev.app.client_secret,
      username: upn,
      password,
      scope,
    };
    const { access_token: token } = await this.#ask(
      'POST',
      `/${this.dev.tenant_id}/oauth2/v2.0/token`,
      new URLSearchParams(fields).toString(),
      { 'content-type': 'application/x-www-form-urlencoded' },
    );
    return token;
  }

  /**
   * The credential of @azure/communication-common that exchanges an Entra token. It takes no policies: what it asks is
   * seen where Node sends it.
   */
  entra(account, scope) {
    return new AzureCommunicationTokenCredential({
      resourceEndpoint: this.endpoint,
      tokenCredential: { getToken: async () => ({ token: await this.signIn(account, scope), expiresOnTimestamp: Date.now() + 3600_000 }) },
      scopes: [scope],
    });
  }

  /** A request signed by hand: the emulator's controls, and what no package offers. */
  async signed(method, path, body) {
    const data = body === undefined ? '' : JSON.stringify(body);
    const date = new Date().toUTCString();
    const digest = createHash('sha256').update(data).digest('base64');
    const { host } = new URL(this.endpoint);
    const signature = createHmac('sha256', Buffer.from(this.key, 'base64'))
      .update(`${method}\n${path}\n${date};${host};${digest}`)
      .digest('base64');
    return this.#ask(method, path, data, {
      'content-type': 'application/json',
      'x-ms-date': date,
      'x-ms-content-sha256': digest,
      authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`,
    });
  }

  /** How many answers to notifications the service has had, of all clients together. */
  async answered() {
    const figures = await this.#text('GET', '/metrics');
    const counts = [...figures.matchAll(/^anteroom_notifications_\w+_total (\d+)$/gm)];
    assert.equal(counts.length, 2, figures);
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async #ask(method, path, data, headers) {
    const body = await this.#text(method, path, data, headers);
    return body ? JSON.parse(body) : undefined;
  }

  async #text(method, path, data, headers) {
    const request = https.request(this.endpoint + path, { method, headers });
    request.end(data);
    const [response] = await once(request, 'response');
    const body = await text(response);
    assert.ok(response.statusCode < 300, `${response.statusCode} ${body}`);
    return body;
  }

  options(label, { apiVersion, ...options } = {}) {
    const observe = {
      name: 'observe',
      async sendRequest(request, next) {
        const response = await next(request);
        const { pathname, search } = new URL(request.url);
        const code = response.status >= 400 ? errorCode(response.bodyAsText) : null;
        record(label, request.method, pathname + search, response.status, code);
        return response;
      },
    };
    // Before the request is signed.
    const older = {
      name: 'older',
      sendRequest(request, next) {
        const url = new URL(request.url);
        if (apiVersion) url.searchParams.set('api-version', apiVersion);
        request.url = url.href;
        return next(request);
      },
    };
    return {
      retryOptions: { maxRetries: 0 },
      additionalPolicies: [
        { policy: observe, position: 'perRetry' },
        ...(apiVersion ? [{ policy: older, position: 'perCall' }] : []),
      ],
      ...options,
    };
  }
}

channel.subscribe('http.client.response.finish', ({ request, response }) => {
  if (request.path.startsWith('/access/') && request.path.includes('/:exchange')) {
    record(LABEL.common, request.method, request.path, response.statusCode);
  }
});

/** As NODE_EXTRA_CA_CERTS does, which Node reads at its start only: not all packages have an option for it. */
function trust(ca) {
  const create = tls.createSecureContext;
  tls.createSecureContext = (options) => {
    const made = create(options);
    made.context.addCACert(ca);
    return made;
  };
}

/** All items of what comes in pages. */
export async function all(paged) {
  const items = [];
  for await (const item of paged) items.push(item);
  return items;
}

/** The same, page by page. */
export async function pages(paged, settings = {}) {
  const found = [];
  for await (const page of paged.byPage(settings)) found.push(page);
  return found;
}

/**
 * The call is refused: exactly this status, this code, and a body of the documented shape.
 * @returns {Promise<any>} the error object of the body
 */
export async function refused(status, code, call, { target, message } = {}) {
  let failure;
  try {
    await call();
  } catch (error) {
    failure = error;
  }
  assert.ok(failure, `${status} ${code} was expected`);
  assert.equal(failure.name, 'RestError', failure);
  assert.equal(failure.statusCode, status, failure);
  assert.equal(failure.code, code, failure);
  assert.equal(failure.response.headers.get('content-type'), 'application/json; charset=utf-8');
  const body = JSON.parse(failure.response.bodyAsText);
  assert.deepEqual(Object.keys(body), ['error']);
  checkError(body.error);
  if (target) assert.equal(body.error.target, target);
  if (message) assert.equal(body.error.message, message);
  return body.error;
}

function checkError(error) {
  assert.ok(typeof error.code === 'string' && error.code);
  assert.ok(typeof error.message === 'string' && error.message);
  for (const inner of [...(error.details ?? []), ...(error.innererror ? [error.innererror] : [])]) checkError(inner);
  const allowed = ['code', 'message', 'target', 'details', 'innererror'];
  assert.deepEqual(Object.keys(error).filter((name) => !allowed.includes(name)), []);
}
