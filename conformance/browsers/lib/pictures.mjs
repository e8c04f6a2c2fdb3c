/**
 * Drawn cameras and screens, for browsers whose made-up devices do not move (Firefox), refuse to share a screen
 * (headless Firefox), or do not look like a meeting (screenshots). Everything after capture is real.
 */

/**
 * Makes `getDisplayMedia` of a page deliver a moving drawing.
 * @param {import('puppeteer-core').Page} page
 */
export async function drawnScreen(page) {
  await page.evaluateOnNewDocument(() => {
    // The empty page before the first navigation is no secure context.
    if (!navigator.mediaDevices) return;
    navigator.mediaDevices.getDisplayMedia = async () => {
      const canvas = document.createElement('canvas');
      canvas.width = 1280;
      canvas.height = 720;
      const context = canvas.getContext('2d');
      let step = 0;
      const timer = setInterval(() => {
        step += 1;
        context.fillStyle = '#f7f9f8';
        context.fillRect(0, 0, 1280, 720);
        context.fillStyle = '#13211f';
        context.font = '600 44px sans-serif';
        context.fillText('Income per month', 80, 120);
        for (let bar = 0; bar < 12; bar += 1) {
          const height = 120 + 40 * bar * 0.8 + 26 * Math.sin(bar * 1.7) + 6 * Math.sin(step / 6 + bar);
          context.fillStyle = bar === 11 ? '#0d6e6e' : '#a9cfc9';
          context.fillRect(90 + bar * 93, 640 - height, 64, height);
        }
        context.fillRect(80, 642, 1120, 2);
      }, 66);
      const stream = canvas.captureStream(15);
      const [track] = stream.getVideoTracks();
      const stop = track.stop.bind(track);
      track.stop = () => {
        clearInterval(timer);
        stop();
      };
      // Firefox tells listeners of tracks of no event that a script has made, unless asked to (the last argument, its own).
      const listen = track.addEventListener.bind(track);
      track.addEventListener = (type, listener, options) => listen(type, listener, options, true);
      return stream;
    };
  });
}

/**
 * Makes the camera of a page a drawing of somebody; the microphone stays what it was.
 * @param {import('puppeteer-core').Page} page
 * @param {{wall: string, hair: string, skin: string, shirt: string, longHair?: boolean}} look CSS colours
 */
export async function drawnCamera(page, look) {
  await page.evaluateOnNewDocument((person) => {
    if (!navigator.mediaDevices) return;
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const canvas = document.createElement('canvas');
    canvas.width = 960;
    canvas.height = 540;
    const context = canvas.getContext('2d');
    const shape = (colour, draw) => {
      context.fillStyle = colour;
      context.beginPath();
      draw();
      context.fill();
    };
    let step = 0;
    const paint = () => {
      step += 1;
      const sway = Math.sin(step / 18) * 6;
      shape(person.wall, () => context.rect(0, 0, 960, 540));
      shape('rgb(255 255 255 / 30%)', () => context.roundRect(70, 60, 210, 250, 12));
      shape('rgb(255 255 255 / 18%)', () => context.roundRect(700, 330, 200, 14, 4));
      for (const [at, tall] of [[716, 70], [744, 92], [770, 60], [800, 84]]) shape('rgb(0 0 0 / 14%)', () => context.roundRect(at, 330 - tall, 20, tall, 3));
      if (person.longHair) shape(person.hair, () => context.roundRect(372 + sway, 150, 216, 260, 100));
      shape(person.shirt, () => context.roundRect(270, 404, 420, 260, 130));
      shape(person.skin, () => context.roundRect(445 + sway / 2, 320, 70, 118, 34));
      shape(person.skin, () => context.ellipse(480 + sway, 250, 84, 104, 0, 0, 7));
      shape(person.hair, () => context.ellipse(480 + sway, 190, 96, 70, 0, Math.PI, 0));
      shape(person.hair, () => context.roundRect(384 + sway, 182, 192, 22, 11));
      for (const side of [-34, 34]) shape('#2a2422', () => context.ellipse(480 + side + sway, 252, 7, step % 70 < 3 ? 1 : 8, 0, 0, 7));
      context.strokeStyle = '#7c3f36';
      context.lineWidth = 6;
      context.lineCap = 'round';
      context.beginPath();
      context.arc(480 + sway, 282, 30, 0.25 * Math.PI, 0.75 * Math.PI);
      context.stroke();
    };
    paint();
    setInterval(paint, 50);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = new MediaStream();
      if (wanted.audio) for (const track of (await real({ audio: wanted.audio })).getTracks()) stream.addTrack(track);
      if (wanted.video) for (const track of canvas.captureStream(20).getVideoTracks()) stream.addTrack(track);
      return stream;
    };
  }, look);
}
