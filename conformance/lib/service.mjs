/**
 * The service under test: one that runs already (ANTEROOM_DEV_JSON names its dev.json), or one of our own in a temporary
 * directory and on free ports, started from the program that ANTEROOM_BIN names.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds; only ever reached when something is broken. */
export const PATIENCE_MS = 60_000;

/**
 * @param {string} [configuration] TOML; still in development mode, with its demo data
 * @returns {Promise<{dev: any, origin: string, data: string|undefined, crash: () => Promise<() => Promise<void>>, stop: () => Promise<void>}>}
 *   `dev` is dev.json, `origin` where the pages are served without TLS, `data` the directory of everything that is
 *   kept, if the service is our own; `crash` kills the service (SIGKILL) and returns
 *   what starts it again on the same data and ports
 */
export async function startService(configuration) {
  const running = process.env.ANTEROOM_DEV_JSON;
  if (running && !configuration) {
    const dev = JSON.parse(await readFile(running, 'utf8'));
    const crash = () => Promise.reject(new Error('a service that runs already is not killed'));
    return { dev, origin: new URL(dev.teams_page).origin, crash, stop: async () => {} };
  }
  const program = process.env.ANTEROOM_BIN;
  if (!program) throw new Error('ANTEROOM_BIN must name the anteroom program, or ANTEROOM_DEV_JSON the dev.json of a running one');
  const data = await mkdtemp(path.join(tmpdir(), 'anteroom-service-'));
  const file = path.join(data, 'dev.json');
  const more = [];
  if (configuration) {
    const config = path.join(data, 'anteroom.toml');
    await writeFile(config, configuration);
    more.push('--dev', '--config', config);
  }
  let run = new Service(program, data, more, ['127.0.0.1:0', '127.0.0.1:0', '127.0.0.1:0']);

  async function stop() {
    await run.end('SIGINT');
    await rm(data, { recursive: true, force: true });
  }

  async function crash() {
    await run.end('SIGKILL');
    return async () => {
      const addresses = [new URL(dev.endpoint).host, dev.media, new URL(dev.teams_page).host.replace('localhost', '127.0.0.1')];
      run = new Service(program, data, more, addresses);
      await run.ready(file);
    };
  }

  let dev;
  try {
    dev = await run.ready(file);
  } catch (error) {
    await stop();
    throw error;
  }
  return { dev, origin: new URL(dev.teams_page).origin, data, crash, stop };
}

/** One run of `anteroom serve`. */
class Service {
  #child;
  #ended;
  #output = '';

  /**
   * @param {string} program
   * @param {string} data directory
   * @param {string[]} more arguments
   * @param {string[]} addresses for HTTPS, media, and HTTP
   */
  constructor(program, data, more, [https, media, http]) {
    const addresses = ['--listen', https, '--media', media, '--dev-http', http];
    this.#child = spawn(program, ['serve', '--data', data, ...addresses, ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: ownEnvironment(),
    });
    this.#ended = once(this.#child, 'exit');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        this.#output = (this.#output + text).slice(-20_000);
      });
    }
  }

  /** Waits until the file with the demo's data is there and the pages answer. */
  async ready(file) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      if (this.#child.exitCode !== null) throw new Error(`the service ended with ${this.#child.exitCode}:\n${this.#output}`);
      if (Date.now() > deadline) throw new Error(`the service did not become ready:\n${this.#output}`);
      try {
        const dev = JSON.parse(await readFile(file, 'utf8'));
        const response = await fetch(new URL('/readyz', dev.teams_page));
        if (response.ok) return dev;
      } catch {
        // Not there yet, half written, or not listening yet.
      }
      await pause(50);
    }
  }

  /** @param {NodeJS.Signals} signal */
  async end(signal) {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(signal);
    const impatient = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    await this.#ended;
    clearTimeout(impatient);
  }
}

/** Without our own variables: the program takes `ANTEROOM_…` for its configuration. */
export function ownEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ANTEROOM_')));
}

/**
 * A network cable to the service that can be pulled: forwards TCP connections to `origin`.
 *
 * @param {string} origin
 * @returns {Promise<{chromium: string[], cut: () => void, mend: () => void, close: () => Promise<void>}>} `chromium` are
 *   arguments that make Chromium go through the cable (the service insists on its own name and port in addresses);
 *   after `cut` connections are gone and new ones refused, until `mend`
 */
export async function cable(origin) {
  const target = new URL(origin);
  const sockets = new Set();
  let whole = true;
  const server = net.createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = net.connect(Number(target.port), target.hostname);
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const drop = () => sockets.forEach((socket) => socket.destroy());
  return {
    chromium: [`--host-resolver-rules=MAP ${target.host} 127.0.0.1:${server.address().port}`],
    cut() {
      whole = false;
      drop();
    },
    mend() {
      whole = true;
    },
    async close() {
      drop();
      server.close();
      await once(server, 'close');
    },
  };
}
