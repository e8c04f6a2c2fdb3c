/**
 * What libwebrtc's audio receiver makes of prepared packets.
 *
 *     node peer.mjs --in SCHEDULES --out RESULTS [--parallel N] [--sender PROGRAM]
 *
 * Each NAME.sched (see sender/src/schedule.rs) is sent in real time; NAME.wav is what was played, NAME.json how.
 */

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { Receiver } from './lib/receiver.mjs';
import { Sender } from './lib/sender.mjs';
import { wav } from './lib/wav.mjs';

const { values } = parseArgs({
  options: {
    in: { type: 'string' },
    out: { type: 'string' },
    parallel: { type: 'string', default: '4' },
    sender: { type: 'string' },
  },
});

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** From the connection to the first packet: handshakes of other runs are over by then, and pulls have begun. */
const SETTLING = 500;

/** After the last packet: what is in the buffer is played. */
const TAIL = 1000;

async function run(name) {
  const sender = new Sender(values.sender, path.join(values.in, `${name}.sched`));
  const receiver = new Receiver();
  try {
    const { sdp } = await sender.wait('offer');
    sender.say({ do: 'answer', sdp: await receiver.answer(sdp) });
    await sender.wait('connected');
    await pause(SETTLING);
    sender.say({ do: 'start' });
    const { monotonic_us: start } = await sender.wait('started');
    const sent = await sender.wait('sent');
    const stats = await receiver.stats();
    await pause(TAIL);
    const { samples, ...played } = receiver.since(start);
    await writeFile(path.join(values.out, `${name}.wav`), wav(samples));
    const result = { peer: receiver.name, stats, played, sent: { packets: sent.packets, lateUs: sent.late_us } };
    await writeFile(path.join(values.out, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  } finally {
    receiver.close();
    sender.close();
  }
}

const names = (await readdir(values.in)).filter((file) => file.endsWith('.sched')).map((file) => file.slice(0, -6));
const left = names.sort();
await mkdir(values.out, { recursive: true });
async function worker() {
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    await run(name).catch((error) => {
      process.exitCode = 1;
      console.error(`${name}: ${error.message}`);
    });
  }
}
await Promise.all(Array.from({ length: Number(values.parallel) }, worker));
// libwebrtc's threads would stay.
process.exit();
