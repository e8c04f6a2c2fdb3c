/**
 * Builds the package into `dist/`, and the session layer that the pages share into `../pages/assets/session.js`, which is
 * committed: a machine without Node gets pages, too. `--check` says whether that file is what the sources make.
 */

import { execFileSync } from 'node:child_process';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const at = (...parts) => path.join(here, ...parts);
const flags = new Set(process.argv.slice(2));

const common = { bundle: true, target: ['es2022'], logLevel: 'warning', legalComments: 'none' };
/** What stands at the head of the file that is committed. */
const NOTICE = '// Built from web/calling/src/session by `npm run build` in web/calling. Change it there.';
const SESSION = at('..', 'pages', 'assets', 'session.js');

if (flags.has('--tests')) await buildTests();
else if (flags.has('--check')) await check();
else await buildPackage();

async function buildPackage() {
  await rm(at('dist'), { recursive: true, force: true });
  const entry = { ...common, entryPoints: [at('src/index.ts')], minify: true, sourcemap: true, packages: 'external' };
  await build({ ...entry, format: 'esm', outfile: at('dist/index.js') });
  await build({ ...entry, format: 'cjs', outfile: at('dist/index.cjs') });
  execFileSync(at('node_modules/.bin/tsc'), ['-p', at('tsconfig.types.json')], { stdio: 'inherit' });
  await writeFile(SESSION, await session());
}

/** The session layer as one readable module. */
async function session() {
  const { outputFiles } = await build({
    ...common,
    entryPoints: [at('src/session/index.ts')],
    format: 'esm',
    banner: { js: NOTICE },
    write: false,
  });
  return outputFiles[0].text;
}

async function check() {
  if ((await readFile(SESSION, 'utf8')) === (await session())) return;
  console.error('web/pages/assets/session.js is not what web/calling/src/session makes: run `npm run build` in web/calling');
  process.exitCode = 1;
}

async function buildTests() {
  await rm(at('dist-test'), { recursive: true, force: true });
  const tests = (await readdir(at('test'))).filter((name) => name.endsWith('.test.ts'));
  await build({
    ...common,
    entryPoints: tests.map((name) => at('test', name)),
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outdir: at('dist-test'),
    outExtension: { '.js': '.mjs' },
  });
}
