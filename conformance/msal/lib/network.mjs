/** How the libraries reach the service: with its private authority trusted, and with what they ask noted. */

import { appendFileSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import tls from 'node:tls';

const known = JSON.parse(process.env.ANTEROOM_EXCEPTIONS || '{}');
let seen = [];

/** A test that leaves its results; one that is known to fail has to. */
export function recorded(name, run) {
  return test(name, async () => {
    const full = `msal/msal::${name}`;
    const reason = known[full];
    seen = [];
    let failure;
    try {
      await run();
    } catch (error) {
      failure = error;
    }
    const outcome = failure ? (reason ? 'excepted' : 'failed') : 'passed';
    const file = process.env.ANTEROOM_RESULTS;
    if (file) appendFileSync(file, `${JSON.stringify({ test: full, outcome, seen })}\n`);
    if (failure && !reason) throw failure;
    if (!failure && reason) throw new Error(`it passes, and is no exception any more: ${reason}`);
  });
}

function record(client, method, url, status, code) {
  const entry = [client, method, new URL(url).pathname, status, code];
  if (!seen.some((other) => JSON.stringify(other) === JSON.stringify(entry))) seen.push(entry);
}

/** Every TLS connection of this process trusts this authority, too. NODE_EXTRA_CA_CERTS is read at start only. */
export function trust(file) {
  const ca = readFileSync(file, 'utf8');
  const create = tls.createSecureContext;
  tls.createSecureContext = (options) => {
    const made = create(options);
    made.context.addCACert(ca);
    return made;
  };
}

const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const MSAL = `JS msal-node ${dependencies['@azure/msal-node']}`;
const IDENTITY = `JS identity ${dependencies['@azure/identity']}`;

/** MSAL's network interface; `asked` counts requests for tokens. */
export class Network {
  asked = 0;

  async sendGetRequestAsync(url, options) {
    return this.#send('GET', url, options);
  }

  async sendPostRequestAsync(url, options) {
    if (url.includes('/token')) this.asked += 1;
    return this.#send('POST', url, options);
  }

  async #send(method, url, { headers, body } = {}) {
    const response = await fetch(url, { method, headers, body });
    const answer = await response.json();
    record(MSAL, method, url, response.status, response.ok ? null : answer.error);
    return { headers: Object.fromEntries(response.headers), body: answer, status: response.status };
  }
}

/** A policy of @azure/core-rest-pipeline. */
export const observe = {
  name: 'observe',
  async sendRequest(request, next) {
    const response = await next(request);
    let code = null;
    if (response.status >= 400) code = JSON.parse(response.bodyAsText).error;
    record(IDENTITY, request.method, request.url, response.status, code);
    return response;
  },
};
