/**
 * The administrators' interface of the service, `/admin/api`, for the tenant that is looked after at the moment.
 * @module admin/service
 */

import { ApiError } from '../api.js';
import { t } from '../i18n.js';

/**
 * @typedef {{upn: string, displayName: string, tenant: {id: string, name: string}, isOperator: boolean, version: string}} Me
 */

export class Service {
  #token;
  #expired;
  #isOver = false;

  /**
   * @param {import('../api.js').Token} token directory token of an administrator
   * @param {() => void} expired called once, when the service does not take the token any more
   */
  constructor(token, expired) {
    this.#token = token;
    this.#expired = expired;
    /** Name or id of a tenant other than the administrator's own; empty for that. Operators only. */
    this.tenant = '';
  }

  /** @returns {Promise<Me>} */
  me() {
    return this.get('me');
  }

  /**
   * @param {string} path below `/admin/api/`
   * @param {Record<string, string>} [query]
   */
  get(path, query) {
    return this.#send('GET', path, query);
  }

  /**
   * @param {string} path
   * @param {object} [body]
   */
  post(path, body) {
    return this.#send('POST', path, {}, body);
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} query
   * @param {object} body
   */
  put(path, query, body) {
    return this.#send('PUT', path, query, body);
  }

  /**
   * @returns {Promise<any>} the answer; `null` where there is none
   * @throws {ApiError} with the service's sentence
   */
  async #send(method, path, query = {}, body) {
    const url = new URL(`/admin/api/${path}`, location.origin);
    for (const [name, value] of Object.entries(query)) if (value !== '') url.searchParams.set(name, value);
    if (this.tenant) url.searchParams.set('tenant', this.tenant);
    const token = typeof this.#token === 'function' ? await this.#token() : this.#token;
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    let response;
    try {
      response = await fetch(url, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: 'no-store',
        credentials: 'omit',
      });
    } catch {
      throw new ApiError(t('admin-unreachable'));
    }
    if (response.ok) return response.status === 204 ? null : response.json();
    if (response.status === 401 && !this.#isOver) {
      this.#isOver = true;
      this.#expired();
    }
    const answer = await response.json().catch(() => ({}));
    throw new ApiError(String(answer?.error?.message ?? t('admin-refused')), response.status);
  }
}
