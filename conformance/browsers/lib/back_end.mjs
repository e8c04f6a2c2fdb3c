/**
 * A company's back end: requests signed with the resource's access key.
 */

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';

/**
 * @param {{dev: any, origin: string}} service
 * @param {string} method
 * @param {string} target path and query
 * @param {object} [body]
 * @returns {Promise<any>} the body of the answer, which has to be a good one
 */
export async function backEnd({ dev, origin }, method, target, body) {
  const [, key] = /accesskey=(.*)$/.exec(dev.connection_string);
  const text = body === undefined ? '' : JSON.stringify(body);
  const date = new Date().toUTCString();
  const hash = createHash('sha256').update(text).digest('base64');
  const { host } = new URL(origin);
  const signature = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${method}\n${target}\n${date};${host};${hash}`)
    .digest('base64');
  const answer = await fetch(origin + target, {
    method,
    body: text || undefined,
    headers: {
      'content-type': 'application/json',
      'x-ms-date': date,
      'x-ms-content-sha256': hash,
      authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`,
    },
  });
  const said = await answer.text();
  assert.ok(answer.ok, `${method} ${target}: ${answer.status} ${said}`);
  return said ? JSON.parse(said) : null;
}

/** A new user who may take part in calls. */
export async function user(service) {
  const made = await backEnd(service, 'POST', '/identities?api-version=2023-10-01', { createTokenWithScopes: ['voip.join'] });
  return { id: made.identity.id, token: made.accessToken.token };
}

/** Another token of a user. @param {number} minutes that it holds, 60 to 1,440 */
export async function anotherToken(service, id, minutes) {
  const target = `/identities/${encodeURIComponent(id)}/:issueAccessToken?api-version=2023-10-01`;
  return (await backEnd(service, 'POST', target, { scopes: ['voip.join'], expiresInMinutes: minutes })).token;
}
