/**
 * Pictures of the two pages in a live meeting, for the documentation: docs/images/{guest,teams,pages}.png.
 *
 * Started like the tests: ANTEROOM_BIN=… npm run images
 */

import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { openBrowser } from './lib/browser.mjs';
import { Person } from './lib/person.mjs';
import { drawnCamera, drawnScreen } from './lib/pictures.mjs';
import { startService } from '../lib/service.mjs';

const IMAGES = fileURLToPath(new URL('../../docs/images', import.meta.url));
const LIMIT_BYTES = 300_000;

const ALICE = { wall: '#8fb3ad', hair: '#4b2f23', skin: '#e2b08c', shirt: '#24524f', longHair: true };
const DANA = { wall: '#c9b79f', hair: '#1f1c1b', skin: '#b9805a', shirt: '#3a4d74' };

/** Both pictures beside each other, on a transparent ground. */
const composition = (left, right) => `<!doctype html>
<style>
  body { display: flex; gap: 20px; margin: 0; padding: 12px; background: transparent; }
  img { width: 700px; border-radius: 10px; box-shadow: 0 2px 10px rgb(0 0 0 / 25%); }
</style>
<img src="data:image/png;base64,${left}"><img src="data:image/png;base64,${right}">`;

const service = await startService();
const browser = await openBrowser('chromium');
try {
  await mkdir(IMAGES, { recursive: true });
  const alice = new Person('Alice', await browser.person((page) => drawnCamera(page, ALICE)));
  await alice.open(`${service.origin}/teams`);
  await alice.signsInAndJoins(service.dev.users[0]);
  const dana = new Person(
    'Dana Whitfield',
    await browser.person(async (page) => {
      await drawnCamera(page, DANA);
      await drawnScreen(page);
    }),
  );
  await join(dana);
  await alice.admits(dana.name);
  await dana.says('Hi! Thanks for letting me in.');
  await alice.says('Welcome, Dana. Can you show us your figures?');
  await dana.says('Sure, sharing them now.');
  await dana.click('share');
  await alice.seesMoving('screen');
  await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);

  const waiting = new Person('Sam Okafor', await browser.person((page) => drawnCamera(page, DANA)));
  await join(waiting);
  await alice.sees('admit');
  await settled(alice, 'screen');
  await settled(dana, 'camera');
  const pictures = { guest: path.join(IMAGES, 'guest.png'), teams: path.join(IMAGES, 'teams.png') };
  await dana.page.screenshot({ path: pictures.guest });
  await alice.page.screenshot({ path: pictures.teams });

  const page = await browser.person();
  await page.setViewport({ width: 1444, height: 462 });
  await page.setContent(
    composition(...(await Promise.all([pictures.guest, pictures.teams].map((file) => readFile(file, 'base64'))))),
    { waitUntil: 'load' },
  );
  const pages = path.join(IMAGES, 'pages.png');
  await page.screenshot({ path: pages, omitBackground: true });
  for (const file of [pictures.guest, pictures.teams, pages]) {
    const { size } = await stat(file);
    console.log(`${path.relative(process.cwd(), file)}: ${Math.round(size / 1000)} kB`);
    if (size > LIMIT_BYTES) process.exitCode = 1;
  }
} finally {
  await browser.close();
  await service.stop();
}

async function join(person) {
  await person.open(`${service.origin}/join?link=${encodeURIComponent(service.dev.meeting.join_url)}`);
  await person.asksToJoin();
  await person.sees('lobby');
}

/** Pictures get sharper over the first seconds of a stream. */
async function settled(person, source) {
  for (let round = 0; round < 4; round += 1) await person.seesMoving(source);
  await person.page.evaluate(() => document.activeElement?.blur());
}
