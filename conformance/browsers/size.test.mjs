/** How much a guest's browser loads before it can join. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { openBrowser } from './lib/browser.mjs';
import { Person } from './lib/person.mjs';
import { startService } from '../lib/service.mjs';

/** All files of the first load together, compressed. */
const MOST_BYTES = 150_000;

let service;
let browser;

before(async () => {
  service = await startService();
  browser = await openBrowser('chromium');
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

for (const [page, ready] of [['join', 'name'], ['teams', 'upn']]) {
  test(`/${page} loads at most ${MOST_BYTES / 1000} kB`, async (t) => {
    const loading = [];
    const sent = new Map();
    const person = new Person('First visitor', await browser.person(async (fresh) => {
      const client = await fresh.createCDPSession();
      client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => sent.set(requestId, encodedDataLength));
      await client.send('Network.enable');
      fresh.on('response', (response) => {
        if (response.request().method() !== 'GET' || !response.ok()) return;
        loading.push(response.buffer().then((body) => ({ path: new URL(response.url()).pathname, raw: body.length, gzip: gzipSync(body, { level: 9 }).length })));
      });
    }));
    await person.page.goto(`${service.origin}/${page}?link=${encodeURIComponent(service.dev.meeting.join_url)}`, { waitUntil: 'networkidle0' });
    await person.sees(ready);
    const files = await Promise.all(loading);
    assert.ok(files.some(({ path }) => path === `/assets/${page}.js`), 'the page itself was counted');
    assert.ok(files.every(({ raw }) => raw > 0));
    const sum = (field) => files.reduce((total, file) => total + file[field], 0);
    files.sort((a, b) => b.gzip - a.gzip);
    t.diagnostic(`${files.length} files, ${sum('gzip')} bytes compressed, ${sum('raw')} as they are, ${[...sent.values()].reduce((a, b) => a + b, 0)} with headers on the wire`);
    t.diagnostic(`largest: ${files.slice(0, 6).map(({ path, gzip }) => `${path} ${gzip}`).join(', ')}`);
    assert.ok(sum('gzip') <= MOST_BYTES, files.map(({ path, gzip }) => `${path} ${gzip}`).join('\n'));
  });
}
