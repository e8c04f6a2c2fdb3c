/** Builds the package into `dist/`: ESM, CommonJS, declarations. `--check` says whether the sources type-check. */

import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const at = (...parts) => path.join(here, ...parts);
const tsc = (...options) => execFileSync(at('node_modules/.bin/tsc'), options, { cwd: here, stdio: 'inherit' });

if (process.argv.includes('--check')) {
  tsc('--noEmit');
} else {
  await rm(at('dist'), { recursive: true, force: true });
  const common = {
    entryPoints: [at('src/index.ts')],
    bundle: true,
    minify: true,
    sourcemap: true,
    target: ['es2022'],
    legalComments: 'none',
    logLevel: 'warning',
  };
  await build({ ...common, format: 'esm', outfile: at('dist/index.js') });
  await build({ ...common, format: 'cjs', outfile: at('dist/index.cjs') });
  tsc('-p', 'tsconfig.types.json');
}
