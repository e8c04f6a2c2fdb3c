/** How cameras, microphones and screens are captured, and what it means when they are not. */

/** What is asked of the browser. */
export const CONSTRAINTS = {
  microphone: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  // Halved twice, its sides stay even: it is sent in three sizes.
  camera: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24, max: 30 } },
} satisfies Record<string, MediaTrackConstraints>;
/** Sharp rather than smooth. */
const SCREEN_OPTIONS: DisplayMediaStreamOptions = {
  video: { frameRate: { ideal: 15, max: 30 }, width: { max: 1920 }, height: { max: 1080 } },
  audio: false,
};

export type Problem = 'denied' | 'missing' | 'busy' | 'unsupported' | 'failed';

/** What an error of `getUserMedia` and `getDisplayMedia` means. */
export function problemOf(error: unknown): Problem {
  switch ((error as Error | undefined)?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    default:
      return 'failed';
  }
}

/**
 * Asks the person for a screen, a window or a tab.
 *
 * @returns `undefined` from a browser that gives a stream without a picture
 * @throws {DOMException} as `getDisplayMedia`, also when the person changed their mind
 */
export async function captureScreen(): Promise<MediaStreamTrack | undefined> {
  const [track] = (await navigator.mediaDevices.getDisplayMedia(SCREEN_OPTIONS)).getVideoTracks();
  if (track && 'contentHint' in track) track.contentHint = 'detail';
  return track;
}
