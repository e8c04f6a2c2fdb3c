/**
 * A network between a page and the service that can be cut for good: signaling over a cable (TCP), media over a relay
 * (UDP) whose address the page finds in the service's answers.
 */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';

import { cable } from '../../lib/service.mjs';

/** What a service has to be started with for it: all media on one port. */
export const ONE_MEDIA_PORT = 'media_threads = 1\n';

/**
 * @param {{dev: any, origin: string}} service with one media port
 * @param {string} [origin] where the page speaks to it
 * @typedef {object} Network
 * @property {string[]} chromium arguments
 * @property {(page: import('puppeteer-core').Page) => Promise<void>} prepare
 * @property {() => number} carried
 * @property {() => void} cut nothing comes through until `mend`
 * @property {() => void} mend
 * @property {() => Promise<void>} close
 *
 * @returns {Promise<Network>} a browser started with the arguments `chromium`, and its pages prepared with `prepare`, have no other
 *   way to the service; `carried` is the number of datagrams of media so far, both ways
 */
export async function network(service, origin = service.origin) {
  const signaling = await cable(origin);
  const media = await relay(service.dev.media);
  return {
    chromium: signaling.chromium,
    carried: media.carried,
    prepare: (page) =>
      page.evaluateOnNewDocument((port) => {
        const { setRemoteDescription } = RTCPeerConnection.prototype;
        RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
          const through = sdp
            .replace(/^a=candidate:\S+ \d+ tcp .*\r\n/gim, '')
            .replace(/^(a=candidate:\S+ \d+ udp \d+) \S+ \d+/gim, `$1 127.0.0.1 ${port}`);
          return setRemoteDescription.call(this, { type, sdp: through });
        };
      }, media.port),
    cut() {
      signaling.cut();
      media.cut();
    },
    mend() {
      signaling.mend();
      media.mend();
    },
    async close() {
      media.close();
      await signaling.close();
    },
  };
}

/**
 * Forwards datagrams: every address that sends some gets a socket of its own towards the target.
 * @param {string} target host:port
 */
async function relay(target) {
  const [host, port] = target.split(':');
  const near = createSocket('udp4');
  const ways = new Map();
  let whole = true;
  let carried = 0;
  near.on('message', (datagram, { address, port: from }) => {
    if (!whole) return;
    const key = `${address}:${from}`;
    let far = ways.get(key);
    if (!far) {
      far = createSocket('udp4');
      far.on('message', (answer) => {
        if (!whole) return;
        carried += 1;
        near.send(answer, from, address);
      });
      ways.set(key, far);
    }
    carried += 1;
    far.send(datagram, Number(port), host);
  });
  near.bind(0, '127.0.0.1');
  await once(near, 'listening');
  return {
    port: near.address().port,
    carried: () => carried,
    cut() {
      whole = false;
    },
    mend() {
      whole = true;
    },
    close() {
      near.close();
      for (const far of ways.values()) far.close();
    },
  };
}
