/** The program that sends a schedule (see sender/src/main.rs). */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BUILT = new URL('../../../target/debug/audio-sender', import.meta.url);

export class Sender {
  #child;
  #events = new Map();
  #waiting = new Map();
  #failure;

  constructor(program, schedule) {
    const command = program ?? process.env.AUDIO_SENDER_BIN ?? fileURLToPath(BUILT);
    this.#child = spawn(command, [schedule], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => {});
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', (code) => this.#fail(new Error(`the sender ended with ${code}`)));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const event = JSON.parse(line);
      const waiting = this.#waiting.get(event.event);
      if (waiting) waiting.resolve(event);
      else this.#events.set(event.event, event);
    });
  }

  #fail(error) {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  /** The event of that name, each of which comes once. */
  wait(name) {
    const event = this.#events.get(name);
    if (event) return Promise.resolve(event);
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiting.set(name, { resolve, reject }));
  }

  say(command) {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  close() {
    this.#child.stdin.end();
  }
}
