/** The second DTLS library (`media_dtls`), with browsers: calls in which it makes every handshake. */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { openBrowser } from './lib/browser.mjs';
import { guest, organizer } from './lib/flow.mjs';
import { startService } from '../lib/service.mjs';

let service;
const open = [];

before(async () => {
  service = await startService('media_dtls = "rtc-dtls"\n');
});

after(async () => {
  await service?.stop();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((browser) => browser.close()));
});

/** What a page knows of its handshake. */
function transport(pc) {
  return pc.getStats().then((report) => {
    const found = [...report.values()].find((entry) => entry.type === 'transport');
    return { state: pc.connectionState, version: found?.tlsVersion, srtp: found?.srtpCipher };
  });
}

for (const kind of ['chromium', 'firefox']) {
  test(`a call in ${kind} through rtc-dtls`, async () => {
    const browser = await openBrowser(kind);
    open.push(browser);
    const alice = await organizer(browser, service);
    const dana = await guest(browser, service, 'Dana Whitfield');
    await alice.admits(dana.name);
    await dana.sees('in-call');
    await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
    await Promise.all([alice.hears(), dana.hears()]);
    for (const person of [alice, dana]) {
      const { state, version, srtp } = await person.page.evaluate(`(${transport})(window.anteroom.pc)`);
      assert.equal(state, 'connected');
      if (kind === 'chromium') {
        // The other library takes AES-256-GCM where it makes DTLS 1.2.
        assert.deepEqual([version, srtp], ['FEFD', 'SRTP_AEAD_AES_128_GCM'], person.name);
      }
    }
    await dana.click('leave');
    await alice.click('leave');
  });
}
