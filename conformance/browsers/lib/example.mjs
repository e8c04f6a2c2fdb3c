/** The examples as their makers would run them: a back end, or files from a folder. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { ownEnvironment } from '../../lib/service.mjs';
import { WEB } from '../prepare.mjs';

/**
 * Starts `server.mjs` of the UI library's example for `service`.
 * @returns {Promise<{origin: string, stop: () => Promise<void>}>}
 */
export async function startExample({ dev }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'anteroom-example-'));
  const file = path.join(folder, 'dev.json');
  await writeFile(file, JSON.stringify(dev), { mode: 0o600 });
  const child = spawn(process.execPath, ['server.mjs'], {
    cwd: path.join(WEB, 'examples', 'acs-ui-library'),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...ownEnvironment(), ANTEROOM_DEV_JSON: file, PORT: '0' },
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, 'line'),
    ended.then(([code]) => Promise.reject(new Error(`the example's server ended with ${code}`))),
  ]);
  return {
    origin: new URL(line).origin,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript' };

/**
 * Serves a folder of `web/examples`, as any web server would.
 * @param {string} name
 */
export async function serveFolder(name) {
  const root = path.join(WEB, 'examples', name);
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const file = path.join(root, pathname === '/' ? 'index.html' : path.posix.normalize(pathname));
    const body = await readFile(file).catch(() => null);
    response.writeHead(body ? 200 : 404, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://localhost:${server.address().port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
