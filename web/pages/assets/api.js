/**
 * The HTTP side: guest tokens from the company's back end, sign-in, calendar and meetings of a Teams user.
 * @module api
 */

import { language, t } from './i18n.js';

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
    throw new ApiError(t('common-no-guest-tokens', { address: '/join?link=…#token=…' }), 404);
  }
  if (!response.ok) throw new ApiError(await sentence(response, t('common-no-token')), response.status);
  return response.json();
}

/**
 * Signs a directory user in, in this browser.
 *
 * @param {string} username user principal name
 * @param {string} password
 * @returns {Promise<{token: string, expiresAt: number}>} `expiresAt` in Unix milliseconds
 */
export async function signIn(username, password) {
  const response = await send('/login/token', { method: 'POST', body: new URLSearchParams({ username, password }) });
  if (!response.ok) {
    const rejected = response.status === 400 || response.status === 401;
    throw new ApiError(
      rejected ? t('common-wrong-password') : await sentence(response, t('common-sign-in-failed')),
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
 * Another token for who is signed in in this browser; `null` when nobody is any more.
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
 * A token, or what gives one that is good now.
 * @typedef {string|(() => Promise<string>)} Token
 */

/**
 * @param {Token} token directory token
 * @returns {Promise<{id: string, displayName: string, userPrincipalName: string}>}
 */
export async function me(token) {
  return graph('/v1.0/me', token);
}

/**
 * A meeting in somebody's calendar.
 * @typedef {object} CalendarEntry
 * @property {string} id of the event
 * @property {string} subject may be empty
 * @property {string} joinUrl
 * @property {Date|null} start
 * @property {Date|null} end
 * @property {string} organizer
 * @property {boolean} own whether the user organizes it
 * @property {boolean} series whether it is an occurrence of a series
 * @property {boolean} cancelled
 */

/** Most pages of the calendar that are read. */
const PAGES = 10;

/**
 * Online meetings in the user's calendar that touch a period, in the order of their start.
 *
 * @param {Token} token directory token
 * @param {Date} from
 * @param {Date} to
 * @returns {Promise<CalendarEntry[]>}
 */
export async function meetings(token, from, to) {
  const period = new URLSearchParams({ startDateTime: from.toISOString(), endDateTime: to.toISOString() });
  const events = [];
  let next = `/v1.0/me/calendarView?${period}`;
  for (let page = 0; next && page < PAGES; page += 1) {
    const answer = await graph(next, token);
    events.push(...(answer.value ?? []));
    next = ownPath(answer['@odata.nextLink']);
  }
  return events
    .filter((event) => typeof event?.onlineMeeting?.joinUrl === 'string')
    .map((event) => ({
      id: String(event.id ?? ''),
      subject: String(event.subject ?? ''),
      joinUrl: event.onlineMeeting.joinUrl,
      start: dateOf(event.start),
      end: dateOf(event.end),
      organizer: String(event.organizer?.emailAddress?.name ?? event.organizer?.emailAddress?.address ?? ''),
      own: event.isOrganizer === true,
      series: event.type === 'occurrence' || event.type === 'exception',
      cancelled: event.isCancelled === true,
    }))
    .sort((a, b) => (a.start?.getTime() ?? 0) - (b.start?.getTime() ?? 0));
}

/**
 * Puts an online meeting into the user's calendar.
 *
 * @param {Token} token directory token
 * @param {{subject: string, start: Date, end: Date, attendees: string[]}} meeting `attendees` by their sign-in names
 * @returns {Promise<{id: string, joinUrl: string}>}
 */
export async function schedule(token, { subject, start, end, attendees }) {
  const at = (date) => ({ dateTime: date.toISOString().slice(0, 19), timeZone: 'UTC' });
  const event = await graph('/v1.0/me/events', token, 'POST', {
    subject,
    start: at(start),
    end: at(end),
    isOnlineMeeting: true,
    onlineMeetingProvider: 'teamsForBusiness',
    attendees: attendees.map((address) => ({ emailAddress: { address }, type: 'required' })),
  });
  return { id: String(event.id), joinUrl: String(event.onlineMeeting?.joinUrl ?? '') };
}

/**
 * Makes a meeting that begins now and is in no calendar.
 * @param {Token} token directory token
 * @param {string} subject
 * @returns {Promise<object>} Graph's `onlineMeeting`
 */
export async function meetNow(token, subject) {
  return graph('/v1.0/me/onlineMeetings', token, 'POST', { subject });
}

/**
 * Deletes an event of the user's calendar, and the meeting of it when the user organizes it.
 * @param {Token} token directory token
 * @param {string} id
 */
export async function deleteEvent(token, id) {
  await graph(`/v1.0/me/events/${encodeURIComponent(id)}`, token, 'DELETE');
}

/**
 * The user's own meeting with this link, with its options.
 *
 * @param {Token} token directory token
 * @param {string} joinUrl
 * @returns {Promise<object|null>} Graph's `onlineMeeting`
 */
export async function onlineMeeting(token, joinUrl) {
  const filter = new URLSearchParams({ $filter: `JoinWebUrl eq '${joinUrl.replaceAll("'", "''")}'` });
  const { value = [] } = await graph(`/v1.0/me/onlineMeetings?${filter}`, token);
  return value[0] ?? null;
}

/**
 * Changes options of the user's own meeting.
 *
 * @param {Token} token directory token
 * @param {string} id of the `onlineMeeting`
 * @param {object} changes
 * @returns {Promise<object>} the meeting as it is then
 */
export async function changeMeeting(token, id, changes) {
  return graph(`/v1.0/me/onlineMeetings/${encodeURIComponent(id)}`, token, 'PATCH', changes);
}

/** A next page is one of this service, whatever its address says. */
function ownPath(link) {
  if (typeof link !== 'string') return '';
  const { pathname, search } = new URL(link, location.href);
  return pathname + search;
}

/** Graph's `dateTime` has no offset when the zone is named beside it. */
function dateOf(value) {
  if (typeof value?.dateTime !== 'string') return null;
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(value.dateTime);
  const date = new Date(zoned ? value.dateTime : `${value.dateTime}Z`);
  return Number.isNaN(date.getTime()) ? null : date;
}

async function graph(path, token, method = 'GET', body) {
  // Newer members of enumerations come only to who asks for them.
  const bearer = typeof token === 'function' ? await token() : token;
  const headers = { authorization: `Bearer ${bearer}`, 'accept-language': language(), prefer: 'include-unknown-enum-members' };
  if (body) headers['content-type'] = 'application/json';
  const response = await send(path, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new ApiError(await sentence(response, t('common-refused')), response.status);
  return response.status === 204 ? {} : response.json();
}

async function send(path, options) {
  try {
    return await fetch(path, { cache: 'no-store', credentials: 'same-origin', ...options });
  } catch {
    throw new ApiError(t('common-unreachable'));
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
