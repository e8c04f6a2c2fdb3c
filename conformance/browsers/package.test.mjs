/**
 * `@anteroom/calling` and `@anteroom/calling-effects` as packages: types, size, what is packed, that Node can load them; and
 * that nothing of the proprietary packages gets into any of our lock files.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { WEB, prepare } from './prepare.mjs';

const run = promisify(execFile);
const ROOT = path.join(WEB, '..');

/** Gzip sizes, in bytes, of what an app would load. */
const BUDGETS = { calling: 45_000, 'calling-effects': 1_500 };

/** What documented apps and the UI library import as values. */
const NAMES = {
  calling: [
    'CallAgentKind',
    'CallClient',
    'CallKind',
    'DiagnosticQuality',
    'Features',
    'IncomingCallKind',
    'LocalAudioStream',
    'LocalVideoStream',
    'VideoStreamRenderer',
  ],
  'calling-effects': ['BackgroundBlurEffect', 'BackgroundReplacementEffect', 'DeepNoiseSuppressionEffect'],
};

before(() => prepare(Object.keys(NAMES)));

for (const [name, budget] of Object.entries(BUDGETS)) {
  const folder = path.join(WEB, name);
  const npm = (...command) => run('npm', command, { cwd: folder, maxBuffer: 16 * 1024 * 1024 });

  test(`${name}: its sources type-check, and what is built of them is up to date`, async () => {
    await npm('run', 'check');
    await npm('run', 'verify');
  });

  test(`${name}: at most ${budget} bytes of gzip`, async (t) => {
    const size = gzipSync(await readFile(path.join(folder, 'dist', 'index.js')), { level: 9 }).length;
    t.diagnostic(`${size} bytes`);
    assert.ok(size <= budget, `${size} bytes`);
  });

  test(`${name}: the package holds what is built, README and licences`, async () => {
    const { stdout } = await npm('pack', '--dry-run', '--json', '--ignore-scripts');
    const [{ files }] = Object.values(JSON.parse(stdout));
    const names = files.map((file) => file.path);
    const strangers = names.filter((file) => !/^(dist\/[\w./-]+\.(js|cjs|d\.ts|map)|README\.md|LICENSE-(MIT|APACHE)|package\.json)$/.test(file));
    assert.deepEqual(strangers, []);
    for (const file of ['dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE']) {
      assert.ok(names.includes(file), `${file} is missing`);
    }
  });

  test(`${name}: loads in Node by import and by require, with its names, and touches no browser global`, async () => {
    // What Microsoft's package brings along (TypeScript's helpers) is not ours.
    if (name === 'calling') createRequire(path.join(folder, 'package.json'))('@azure/communication-common');
    const globals = new Set(Reflect.ownKeys(globalThis));
    const imported = await import(pathToFileURL(path.join(folder, 'dist', 'index.js')).href);
    const required = createRequire(import.meta.url)(path.join(folder, 'dist', 'index.cjs'));
    for (const one of NAMES[name]) {
      assert.ok(imported[one], `${one} by import`);
      assert.ok(required[one], `${one} by require`);
    }
    assert.deepEqual(Object.keys(required).sort(), Object.keys(imported).sort());
    const left = Reflect.ownKeys(globalThis).filter((key) => !globals.has(key));
    assert.deepEqual(left, [], 'loading leaves nothing behind');
  });

  test(`${name}: the declarations name nothing that is not in the package or its dependencies`, async () => {
    const { dependencies = {} } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
    const declarations = (await readdir(path.join(folder, 'dist'), { recursive: true })).filter((file) => file.endsWith('.d.ts'));
    assert.ok(declarations.length > 0);
    for (const file of declarations) {
      const text = await readFile(path.join(folder, 'dist', file), 'utf8');
      for (const [, from] of text.matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)) {
        assert.ok(from.startsWith('.') || from in dependencies, `${file} imports ${from}`);
      }
    }
  });
}

test('calling: nothing but the MIT package for credentials and identifiers is needed at run time', async () => {
  const { dependencies, peerDependencies, optionalDependencies } = JSON.parse(await readFile(path.join(WEB, 'calling', 'package.json'), 'utf8'));
  assert.deepEqual(Object.keys(dependencies), ['@azure/communication-common']);
  assert.deepEqual([peerDependencies, optionalDependencies], [undefined, undefined]);
});

test('no lock file of the repository has a proprietary package in it', async () => {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*package-lock.json'], { cwd: ROOT });
  const locks = stdout.split('\0').filter(Boolean);
  assert.ok(locks.includes('web/examples/acs-ui-library/package-lock.json'));
  for (const lock of locks) {
    const { packages } = JSON.parse(await readFile(path.join(ROOT, lock), 'utf8'));
    for (const [place, entry] of Object.entries(packages)) {
      // An alias keeps the name in the path and says in `name` what is really there.
      const name = entry.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
      assert.doesNotMatch(name, /^@azure\/communication-calling/, `${lock}: ${place}`);
      if (!/@azure\/communication-calling/.test(place)) continue;
      assert.match(entry.name ?? '', /^@anteroom\//, `${lock}: ${place}`);
      assert.match(entry.resolved ?? '', /^file:\.\.\/\.\.\/calling/, `${lock}: ${place} is not ours`);
    }
  }
});
