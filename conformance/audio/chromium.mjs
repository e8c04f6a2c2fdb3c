/**
 * Whether Chromium plays prepared packets as NetEQ does that is told the time.
 *
 *     node chromium.mjs --in SCHEDULES --neteq PROGRAM [--sender PROGRAM]
 *
 * Needs what ../browsers needs. Chromium does not say when it pulls: what it played is compared with several phases of
 * pulls, and the nearest counts. Without a sound card it pulls by a timer, a bit unevenly.
 */

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { openBrowser } from '../browsers/lib/browser.mjs';

const FRAME = 480;
const PHASES = Array.from({ length: 10 }, (_, at) => at * 1000);
const SETTLING_MS = 1000;
const TAIL_MS = 1000;
const WAV_HEADER = 44;
/** 16-bit steps: decoders round. */
const ROUNDING = 1;

const { values } = parseArgs({
  options: {
    in: { type: 'string' },
    neteq: { type: 'string' },
    sender: { type: 'string', default: fileURLToPath(new URL('../../target/debug/audio-sender', import.meta.url)) },
  },
});

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** In the page: answers, and keeps what is played. */
async function receive(sdp) {
  const connection = new RTCPeerConnection();
  const played = [];
  Object.assign(globalThis, { connection, played });
  connection.ontrack = async ({ track }) => {
    const audio = document.createElement('audio');
    audio.srcObject = new MediaStream([track]);
    audio.play();
    const reader = new MediaStreamTrackProcessor({ track, maxBufferSize: 6000 }).readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const samples = new Float32Array(next.value.numberOfFrames);
      next.value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      next.value.close();
      for (const sample of samples) played.push(Math.round(sample * 32768));
    }
  };
  await connection.setRemoteDescription({ type: 'offer', sdp });
  await connection.setLocalDescription(await connection.createAnswer());
  while (connection.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 10));
  return connection.localDescription.sdp;
}

async function play(page, schedule) {
  const sender = spawn(values.sender, [schedule], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: sender.stdout })[Symbol.asyncIterator]();
  const said = async () => JSON.parse((await lines.next()).value ?? '{}');
  const say = (command) => sender.stdin.write(`${JSON.stringify(command)}\n`);
  try {
    say({ do: 'answer', sdp: await page.evaluate(receive, (await said()).sdp) });
    await said(); // connected
    await pause(SETTLING_MS);
    say({ do: 'start' });
    await said(); // started
    const sent = await said();
    await pause(TAIL_MS);
    const samples = await page.evaluate(() => {
      connection.close();
      return played;
    });
    return { samples: Int16Array.from(samples), late: sent.late_us };
  } finally {
    sender.stdin.end();
  }
}

/** Frames that differ, of the shift (in frames) that makes them fewest; the longer one begins earlier. */
function differing(longer, shorter) {
  let [fewest, best] = [Infinity, 0];
  const frames = Math.floor(shorter.length / FRAME);
  for (let shift = 0; (shift + frames / 2) * FRAME < longer.length; shift += 1) {
    let differ = 0;
    for (let frame = 0; frame < frames && differ < fewest; frame += 1) {
      const [at, end] = [frame * FRAME, (frame + 1) * FRAME];
      let same = (shift + frame + 1) * FRAME <= longer.length;
      for (let sample = at; same && sample < end; sample += 1) {
        same = Math.abs(shorter[sample] - longer[shift * FRAME + sample]) <= ROUNDING;
      }
      if (!same) differ += 1;
    }
    if (differ < fewest) [fewest, best] = [differ, shift];
  }
  let [signal, error] = [0, 0];
  for (let at = 0; at < frames * FRAME; at += 1) {
    signal += shorter[at] ** 2;
    error += (shorter[at] - (longer[best * FRAME + at] ?? 0)) ** 2;
  }
  return { differ: fewest, frames, error: 10 * Math.log10(error / signal) };
}

async function expected(schedule, phase, folder) {
  await promisify(execFile)(values.neteq, [schedule, folder, `${phase}`]);
  const file = await readFile(path.join(folder, `${path.basename(schedule, '.sched')}.wav`));
  // Without the tail, in which only one of them may hear the other's silence.
  const samples = new Int16Array(file.buffer.slice(file.byteOffset + WAV_HEADER, file.byteOffset + file.length));
  return samples.subarray(0, samples.length - (TAIL_MS / 10) * FRAME);
}

const folder = await mkdtemp(path.join(tmpdir(), 'anteroom-neteq-'));
const browser = await openBrowser('chromium', { arguments: ['--disable-features=WebRtcHideLocalIpsWithMdns'] });
try {
  for (const name of (await readdir(values.in)).filter((file) => file.endsWith('.sched')).sort()) {
    const schedule = path.join(values.in, name);
    const page = await browser.person();
    const { samples, late } = await play(page, schedule);
    await page.close();
    let nearest = { differ: Infinity };
    for (const phase of PHASES) {
      const found = differing(samples, await expected(schedule, phase, folder));
      if (found.differ < nearest.differ) nearest = { ...found, phase };
    }
    const { differ, frames, error, phase } = nearest;
    const by = differ === 0 ? '' : `, by ${error.toFixed(1)} dB of all sound`;
    console.log(`${name}: ${differ} of ${frames} frames differ${by} (phase ${phase} us, packets up to ${late.max} us late)`);
  }
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
