/**
 * Stands for the company's own back end: serves the page from `dist/`, and hands out tokens with the official SDK.
 *
 * ANTEROOM_DEV_JSON  dev.json of a service in development mode; or
 * CONNECTION_STRING  `endpoint=…;accesskey=…`, and CA_FILE if its certificate is of an authority of your own
 * PORT               of this page, 3000; 0 for any
 */

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { CommunicationIdentityClient } from '@azure/communication-identity';

const { ANTEROOM_DEV_JSON, CONNECTION_STRING, CA_FILE, PORT = '3000' } = process.env;
const dev = ANTEROOM_DEV_JSON ? JSON.parse(await readFile(ANTEROOM_DEV_JSON, 'utf8')) : null;
const connection = CONNECTION_STRING ?? dev?.connection_string;
if (!connection) throw new Error('ANTEROOM_DEV_JSON or CONNECTION_STRING has to say where the service is');
const ca = CA_FILE ?? dev?.ca_file;
const identity = new CommunicationIdentityClient(connection, ca ? { tlsOptions: { ca: await readFile(ca) } } : {});
const endpoint = new URL(/endpoint=([^;]+)/i.exec(connection)[1]).origin;

/** Who is behind a cookie. A company has its own sign-in in this place. */
const people = new Map();

async function token(request, response) {
  let visitor = /(?:^|; )visitor=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
  if (!people.has(visitor)) people.set((visitor = randomUUID()), await identity.createUser());
  const user = people.get(visitor);
  const { token } = await identity.getToken(user, ['voip', 'chat']);
  const pass = { userId: user.communicationUserId, token, endpoint, meetingLink: dev?.meeting.join_url };
  const headers = { 'content-type': 'application/json', 'set-cookie': `visitor=${visitor}; HttpOnly; SameSite=Strict; Path=/` };
  response.writeHead(200, { ...headers, 'cache-control': 'no-store' }).end(JSON.stringify(pass));
}

const dist = path.join(path.dirname(fileURLToPath(import.meta.url)), 'dist');
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.txt': 'text/plain; charset=utf-8' };
/** Fluent writes its styles into the page as it goes; everything else is strict, and only the service is spoken to. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "media-src 'self' blob: mediastream:",
  `connect-src 'self' ${endpoint} ${endpoint.replace(/^http/, 'ws')}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

async function file(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  const name = pathname === '/' ? 'index.html' : path.posix.normalize(pathname).slice(1);
  const type = types[path.extname(name)];
  const body = type && (await readFile(path.join(dist, name)).catch(() => null));
  if (!body) return response.writeHead(404).end();
  const headers = { 'content-security-policy': policy, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' };
  return response.writeHead(200, { ...headers, 'content-type': type }).end(body);
}

const server = http.createServer((request, response) => {
  const answer = request.method === 'POST' && request.url === '/api/token' ? token : file;
  answer(request, response).catch((error) => {
    console.error(`${error}`);
    response.writeHead(502).end();
  });
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://localhost:${server.address().port}/`));
