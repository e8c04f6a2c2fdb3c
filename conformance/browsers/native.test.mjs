/** A guest in Chromium and a native client from the Teams side in one meeting. */

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { openBrowser } from './lib/browser.mjs';
import { guest } from './lib/flow.mjs';
import { Native } from './lib/native.mjs';
import { startService } from '../lib/service.mjs';

const SPEECH = fileURLToPath(new URL('../../crates/anteroom/assets/speech.wav', import.meta.url));
/** Root mean square of the loudest second, in 16-bit samples, above which a recording is not silence. */
const AUDIBLE = 100;

let service;
let browser;
let directory;

before(async () => {
  service = await startService();
  browser = await openBrowser('chromium');
  directory = await mkdtemp(path.join(tmpdir(), 'anteroom-native-'));
});

after(async () => {
  await browser?.close();
  await service?.stop();
  if (directory) await rm(directory, { recursive: true, force: true });
});

test('sound and chat between a page and the command line', async () => {
  const { dev } = service;
  const recording = path.join(directory, 'heard.wav');
  const alice = new Native([
    dev.meeting.join_url,
    ...['--endpoint', dev.endpoint, '--ca', dev.ca_file],
    ...['--as', dev.users[0].upn, '--password', dev.users[0].password],
    ...['--play', SPEECH, '--loop', '--record', recording, '--admit-all'],
  ]);
  try {
    await alice.event('connected', ({ event }) => event === 'connected');
    const dana = await guest(browser, service, 'Page guest');
    await dana.sees('in-call');
    await dana.hears();
    await dana.says('from the page');
    await alice.event('chat', ({ event, text, fromName }) => event === 'chat' && text === 'from the page' && fromName === dana.name);
    await alice.event('roster', ({ event, participants }) =>
      event === 'roster' && participants.some(({ displayName, external }) => displayName === dana.name && external));
    await alice.event('audio', ({ event }) => event === 'firstAudio');
    await alice.event('stats', ({ event, packetsReceived }) => event === 'stats' && packetsReceived > 150);
    await dana.click('leave');
    assert.equal((await dana.endReason()).key, 'left');
    dana.hasNoProblems();
  } finally {
    assert.equal(await alice.leave(), 0, 'the native client left in peace');
  }
  assert.ok(loudest(await readFile(recording)) > AUDIBLE, 'what the page said was recorded');
});

/** Root mean square of the loudest second of a 48 kHz mono 16-bit WAV file with a 44-byte header. */
function loudest(wav) {
  let most = 0;
  for (let start = 44; start + 2 <= wav.length; start += 96_000) {
    const end = Math.min(start + 96_000, wav.length - 1);
    let sum = 0;
    for (let at = start; at < end; at += 2) sum += wav.readInt16LE(at) ** 2;
    most = Math.max(most, Math.sqrt(sum / ((end - start) / 2)));
  }
  return most;
}
