/**
 * How loud a microphone is, for a level meter.
 * @module level
 */

/** Quietest level shown, in dB below full scale. */
const FLOOR_DB = -60;

/**
 * Watches a track's level until stopped. Without sound output some browsers keep audio processing suspended; the level
 * then stays at 0.
 *
 * @param {MediaStreamTrack} track
 * @param {(level: number) => void} report called about 15 times a second with a value from 0 (silence) to 1 (full scale)
 * @returns {() => void} stops it
 */
export function watchLevel(track, report) {
  if (typeof AudioContext !== 'function') return () => {};
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const wake = () => context.resume().catch(() => {});
  window.addEventListener('pointerdown', wake);
  window.addEventListener('keydown', wake);
  let smooth = 0;
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    const decibel = 10 * Math.log10(sum / samples.length + 1e-12);
    const level = Math.min(1, Math.max(0, 1 - decibel / FLOOR_DB));
    smooth = level > smooth ? level : smooth * 0.82;
    report(smooth);
  }, 66);
  return () => {
    clearInterval(timer);
    window.removeEventListener('pointerdown', wake);
    window.removeEventListener('keydown', wake);
    context.close().catch(() => {});
  };
}
