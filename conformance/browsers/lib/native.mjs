/** `anteroom join --json`: a participant without a browser. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { PATIENCE_MS } from './browser.mjs';
import { ownEnvironment } from '../../lib/service.mjs';

export class Native {
  #child;
  #ended;
  #said = [];
  #wake = () => {};

  /** @param {string[]} options of `anteroom join` */
  constructor(options) {
    this.#child = spawn(process.env.ANTEROOM_BIN, ['join', '--json', ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: ownEnvironment(),
    });
    this.#ended = once(this.#child, 'exit');
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#said.push(JSON.parse(line));
      this.#wake();
    });
    this.#ended.then(() => this.#wake());
  }

  /**
   * The first event, past or future, for which `wanted` is true.
   * @param {string} what for the error message
   * @param {(event: any) => boolean} wanted
   */
  async event(what, wanted) {
    const late = AbortSignal.timeout(PATIENCE_MS);
    for (let seen = 0; ; ) {
      for (; seen < this.#said.length; seen += 1) if (wanted(this.#said[seen])) return this.#said[seen];
      if (late.aborted || this.#child.exitCode !== null) {
        throw new Error(`no event "${what}"; the last ones: ${JSON.stringify(this.#said.slice(-5))}`);
      }
      await new Promise((resolve) => {
        this.#wake = resolve;
        late.addEventListener('abort', resolve, { once: true });
      });
    }
  }

  /** Leaves; returns the exit code. */
  async leave() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGINT');
    const impatient = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    const [code] = await this.#ended;
    clearTimeout(impatient);
    return code;
  }
}
