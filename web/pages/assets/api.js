/**
 * The HTTP side: guest tokens from the company's back end, sign-in and calendar of a Teams user.
 * @module api
 */

/** A refusal with a sentence for a person. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} status 0 when the service could not be reached
   */
  constructor(message, status = 0) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** @returns {string} address of the signaling WebSocket on this page's own origin */
export function signalingUrl() {
  const url = new URL('/signaling', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/**
 * An access token for a new guest. In production a company's own back end hands these out; in development the service
 * stands in for it.
 *
 * @returns {Promise<{token: string, userId: string, expiresOn: string}>}
 */
export async function guestToken() {
  const response = await send('/demo/guest-token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  if (response.status === 404 || response.status === 405) {
    throw new ApiError(
      'This page has no back end that hands out guest tokens. An app that embeds it opens it with an access token: /join?link=…#token=…',
      404,
    );
  }
  if (!response.ok) throw new ApiError(await sentence(response, 'The back end gave no access token.'), response.status);
  return response.json();
}

/**
 * Signs a directory user in (OAuth 2.0, resource owner password grant).
 *
 * @param {string} username user principal name
 * @param {string} password
 * @returns {Promise<{token: string, expiresAt: number}>} `expiresAt` in Unix milliseconds
 */
export async function signIn(username, password) {
  const response = await send('/organizations/oauth2/v2.0/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: 'anteroom-web',
      scope: 'https://graph.microsoft.com/.default openid profile',
      username,
      password,
    }),
  });
  if (!response.ok) {
    const rejected = response.status === 400 || response.status === 401;
    throw new ApiError(
      rejected ? 'That user name and password do not match.' : await sentence(response, 'Signing in failed.'),
      response.status,
    );
  }
  return session(await response.json());
}

/**
 * How people sign in: with a password here, or at external providers.
 *
 * @param {string} [tenant] that of the only tenant with providers when left out
 * @returns {Promise<{tenant: string|null, passwords: boolean, providers: {id: string, name: string}[]}>}
 */
export async function signInWays(tenant) {
  const response = await send(`/login/ways${tenant ? `?tenant=${encodeURIComponent(tenant)}` : ''}`, {});
  if (!response.ok) return { tenant: null, passwords: true, providers: [] };
  return response.json();
}

/**
 * A token for who has just signed in in this browser.
 *
 * @returns {Promise<{token: string, expiresAt: number}|null>}
 */
export async function browserSession() {
  const response = await send('/login/token', { method: 'POST' });
  return response.ok ? session(await response.json()) : null;
}

/** Signs out whoever is signed in in this browser. */
export async function endBrowserSession() {
  await send('/organizations/oauth2/v2.0/logout', {});
}

function session(answer) {
  return { token: answer.access_token, expiresAt: Date.now() + Number(answer.expires_in ?? 3600) * 1000 };
}

/**
 * @param {string} token directory token
 * @returns {Promise<{id: string, displayName: string, userPrincipalName: string}>}
 */
export async function me(token) {
  return graph('/v1.0/me', token);
}

/**
 * Online meetings in the user's calendar, in the order of their start.
 *
 * @param {string} token directory token
 * @returns {Promise<{id: string, subject: string, joinUrl: string, start: Date|null, end: Date|null, organizer: string}[]>}
 */
export async function meetings(token) {
  const { value = [] } = await graph('/v1.0/me/events', token);
  return value
    .filter((event) => typeof event?.onlineMeeting?.joinUrl === 'string')
    .map((event) => ({
      id: String(event.id ?? ''),
      subject: String(event.subject || 'Meeting'),
      joinUrl: event.onlineMeeting.joinUrl,
      start: dateOf(event.start),
      end: dateOf(event.end),
      organizer: String(event.organizer?.emailAddress?.name ?? event.organizer?.emailAddress?.address ?? ''),
    }))
    .sort((a, b) => (a.start?.getTime() ?? 0) - (b.start?.getTime() ?? 0));
}

/** Graph's `dateTime` has no offset when the zone is named beside it. */
function dateOf(value) {
  if (typeof value?.dateTime !== 'string') return null;
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(value.dateTime);
  const date = new Date(zoned ? value.dateTime : `${value.dateTime}Z`);
  return Number.isNaN(date.getTime()) ? null : date;
}

/**
 * The interface of administrators.
 *
 * @param {'GET'|'PUT'|'POST'} method
 * @param {string} path below `/admin/api/`
 * @param {string} token directory token of an administrator
 * @param {object} [body]
 * @returns {Promise<object>}
 */
export async function administer(method, path, token, body) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await send(`/admin/api/${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new ApiError(await sentence(response, 'The request was refused.'), response.status);
  return response.json();
}

async function graph(path, token) {
  const response = await send(path, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new ApiError(await sentence(response, 'The calendar could not be read.'), response.status);
  return response.json();
}

async function send(path, options) {
  try {
    return await fetch(path, { cache: 'no-store', credentials: 'same-origin', ...options });
  } catch {
    throw new ApiError('The service cannot be reached. Check your connection and try again.');
  }
}

/** The message of an error body in ACS, Graph or OAuth shape. */
async function sentence(response, fallback) {
  try {
    const body = await response.json();
    return body.error_description ?? body.error?.message ?? fallback;
  } catch {
    return fallback;
  }
}
