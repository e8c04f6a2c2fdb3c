/**
 * Installs and builds what the tests of packages and examples need: `web/calling`, `web/calling-effects`, `web/examples/*`.
 * Quick when nothing has changed since the last time. `npm test` runs it first, and so do the tests themselves, which
 * `cargo xtask conformance browsers` runs without npm.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The folder `web` of the repository. */
export const WEB = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'web');

/** Packages, what they are built from others of ours, in this order. */
const PACKAGES = [
  { folder: 'calling', uses: [] },
  { folder: 'calling-effects', uses: [] },
  { folder: 'examples/minimal', uses: ['calling'] },
  { folder: 'examples/acs-ui-library', uses: ['calling', 'calling-effects'] },
];

/** Folders that are made, not written. */
const MADE = new Set(['node_modules', 'dist', 'dist-test', 'test']);
/** The sources of the last build, as a hash; gone with `node_modules`. */
const NOTE = path.join('node_modules', '.anteroom-built');

/** @param {string[]} [folders] of `web`; all of them unless told */
export async function prepare(folders = PACKAGES.map(({ folder }) => folder)) {
  for (const { folder, uses } of PACKAGES) {
    if (folders.includes(folder) || PACKAGES.some((other) => folders.includes(other.folder) && other.uses.includes(folder))) {
      await bring(path.join(WEB, folder), uses);
    }
  }
}

/** Installs and builds one package, as far as it is not. */
async function bring(folder, uses) {
  if (!(await isInstalled(folder))) await npm(folder, 'ci', '--no-audit', '--no-fund', '--loglevel=error');
  const sources = await hash([...(await files(folder)), ...(await Promise.all(uses.map((name) => files(built(name))))).flat()]);
  const note = path.join(folder, NOTE);
  const whole = await stat(path.join(folder, 'dist')).then(() => true, () => false);
  if (whole && (await readFile(note, 'utf8').catch(() => '')) === sources) return;
  // What npm has installed of our own packages is a copy of what they were then.
  for (const name of uses) await refresh(folder, name);
  await npm(folder, 'run', 'build');
  await writeFile(note, sources);
}

/** Whether what npm says it has installed is what the lock file asks for. */
async function isInstalled(folder) {
  const [asked, there] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map((name) =>
      readFile(path.join(folder, name), 'utf8').then((text) => JSON.parse(text).packages, () => ({})),
    ),
  );
  return Object.entries(asked).every(([place, entry]) => {
    if (place === '' || (entry.optional && !there[place])) return true;
    return there[place]?.version === entry.version && there[place].integrity === entry.integrity;
  });
}

const built = (name) => path.join(WEB, name, 'dist');

/** Puts what is built of one of our packages where npm would put it. */
async function refresh(folder, name) {
  const { dependencies } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const wanted = path.resolve(WEB, name);
  for (const [alias, from] of Object.entries(dependencies)) {
    if (!from.startsWith('file:') || path.resolve(folder, from.slice('file:'.length)) !== wanted) continue;
    const place = path.join(folder, 'node_modules', alias);
    await rm(path.join(place, 'dist'), { recursive: true, force: true });
    await cp(built(name), path.join(place, 'dist'), { recursive: true });
    await cp(path.join(wanted, 'package.json'), path.join(place, 'package.json'));
  }
}

async function npm(folder, ...command) {
  try {
    await run('npm', command, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    throw new Error(`npm ${command.join(' ')} in ${path.relative(WEB, folder)}:\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** All files below `folder`, without what is made. A folder that is not there has none. */
async function files(folder) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map((entry) => {
      const name = path.join(folder, entry.name);
      if (entry.isDirectory()) return MADE.has(entry.name) ? [] : files(name);
      return [name];
    }),
  );
  return found.flat().sort();
}

async function hash(names) {
  const sum = createHash('sha256');
  for (const name of names) sum.update(`${path.relative(WEB, name)}\0`).update(await readFile(name)).update('\0');
  return sum.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await prepare();
