/** Devices that go away and come back, for pages that cannot be unplugged by hand. */

/**
 * Gives a page `window.unplug(kind)` and `window.plug(kind)` (`audio`, `video`): what is open ends as if the cable had
 * been pulled, and until it is back there is none.
 * @param {import('puppeteer-core').Page} page
 */
export async function unpluggable(page) {
  await page.evaluateOnNewDocument(() => {
    const devices = navigator.mediaDevices;
    // The empty page before the first navigation is no secure context.
    if (!devices) return;
    const [open, list] = [devices.getUserMedia.bind(devices), devices.enumerateDevices.bind(devices)];
    const gone = new Set();
    const tracks = [];
    devices.getUserMedia = async (wanted) => {
      for (const kind of ['audio', 'video']) if (wanted[kind] && gone.has(kind)) throw new DOMException('There is none.', 'NotFoundError');
      const stream = await open(wanted);
      tracks.push(...stream.getTracks());
      return stream;
    };
    devices.enumerateDevices = async () => (await list()).filter(({ kind }) => !gone.has(kind.replace('input', '')));
    window.unplug = (kind) => {
      gone.add(kind);
      for (const track of tracks.filter((one) => one.kind === kind && one.readyState === 'live')) {
        track.stop();
        track.dispatchEvent(new Event('ended'));
      }
      devices.dispatchEvent(new Event('devicechange'));
    };
    window.plug = (kind) => {
      gone.delete(kind);
      devices.dispatchEvent(new Event('devicechange'));
    };
  });
}

/** A computer without camera and microphone. */
export async function withoutDevices(page) {
  await page.evaluateOnNewDocument(() => {
    const devices = navigator.mediaDevices;
    if (!devices) return;
    devices.getUserMedia = () => Promise.reject(new DOMException('There is none.', 'NotFoundError'));
    devices.enumerateDevices = () => Promise.resolve([]);
  });
}
