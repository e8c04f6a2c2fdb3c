/** What a sink was given, 10 ms at a time, and when it was pulled. */

const RATE = 48000;
const SAMPLES = RATE / 100;
const PERIOD_US = 10_000;

export class Recording {
  #frames = [];
  /** When each came here, by CLOCK_MONOTONIC, in microseconds. */
  #times = [];
  #oddities = 0;

  add({ samples, sampleRate, channelCount, numberOfFrames }) {
    this.#times.push(Number(process.hrtime.bigint()) / 1000);
    if (sampleRate !== RATE || numberOfFrames !== SAMPLES) this.#oddities += 1;
    // What stereo there is repeats one channel.
    this.#frames.push(Int16Array.from({ length: SAMPLES }, (_, at) => samples[at * channelCount] ?? 0));
  }

  /**
   * Everything pulled at that time or later. Frames come here late by what the event loop was busy with, but never early:
   * the least lateness tells the pace at which they were pulled.
   */
  since(start) {
    const phase = (from, to) => {
      let least = Infinity;
      for (let at = from; at < to; at += 1) least = Math.min(least, this.#times[at] - at * PERIOD_US);
      return least;
    };
    const count = this.#times.length;
    const [half, zero] = [Math.floor(count / 2), phase(0, count)];
    const late = this.#times.map((time, at) => time - at * PERIOD_US - zero).sort((a, b) => a - b);
    const first = Math.max(0, Math.ceil((start - zero) / PERIOD_US));
    const kept = this.#frames.slice(first);
    const samples = new Int16Array(kept.length * SAMPLES);
    kept.forEach((frame, at) => samples.set(frame, at * SAMPLES));
    return {
      samples,
      frames: kept.length,
      /** From the start of the schedule to the pull of the first frame. */
      firstPullUs: Math.round(zero + first * PERIOD_US - start),
      /** How much later frames are pulled in the second half than in the first: lost callbacks, or a clock that is wrong. */
      driftUs: Math.round(phase(half, count) - phase(0, half)),
      callbackLateUs: { p50: Math.round(late[half]), p99: Math.round(late[Math.floor(count * 0.99)]), max: Math.round(late.at(-1)) },
      oddFrames: this.#oddities,
    };
  }
}
