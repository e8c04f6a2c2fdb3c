/**
 * What the tests saw, one JSON object a line, for the table that `cargo xtask conformance` writes, and the tests that are
 * known to fail.
 */

import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const known = JSON.parse(process.env.ANTEROOM_EXCEPTIONS || '{}');
let seen = [];

/**
 * @param {string} client package and version
 * @param {string} method HTTP method, or EVENT for what the service sent by itself
 * @param {string} target path with its query
 * @param {number} status
 * @param {string|null} [code] of the error
 */
export function record(client, method, target, status, code = null) {
  const entry = [client, method, target, status, code];
  if (!seen.some((other) => JSON.stringify(other) === JSON.stringify(entry))) seen.push(entry);
}

/** The code in an error body; null when there is none. */
export function errorCode(body) {
  try {
    return JSON.parse(body).error.code ?? null;
  } catch {
    return null;
  }
}

/**
 * A test that leaves its results; one that is known to fail has to.
 * @param {string} file import.meta.url of the test's file
 */
export function tests(file) {
  const { pathname } = new URL(file);
  const suite = `${path.basename(path.dirname(pathname))}/${path.basename(pathname, '.test.mjs')}`;
  return (name, run) =>
    test(name, async (context) => {
      const full = `${suite}::${name}`;
      const reason = known[full];
      seen = [];
      let failure;
      try {
        await run(context);
      } catch (error) {
        failure = error;
      }
      finish(full, failure ? (reason ? 'excepted' : 'failed') : 'passed');
      if (failure && !reason) throw failure;
      if (!failure && reason) throw new Error(`it passes, and is no exception any more: ${reason}`);
    });
}

function finish(name, outcome) {
  const file = process.env.ANTEROOM_RESULTS;
  if (file) appendFileSync(file, `${JSON.stringify({ test: name, outcome, seen })}\n`);
}
