/** Bundles the page into `dist/`. No alias is set here: the ones in package.json are all it takes. */

import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const at = (...parts) => path.join(here, ...parts);

await rm(at('dist'), { recursive: true, force: true });
await mkdir(at('dist'));
const { metafile } = await build({
  entryPoints: [at('src/main.tsx')],
  outdir: at('dist'),
  bundle: true,
  // What the library loads on demand stays apart.
  splitting: true,
  format: 'esm',
  target: ['es2022'],
  minify: true,
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'linked',
  logLevel: 'warning',
  metafile: true,
  absWorkingDir: here,
});
for (const name of ['index.html', 'fabric.js']) await copyFile(at('src', name), at('dist', name));
for (const [file, { bytes }] of Object.entries(metafile.outputs)) console.log(`${file} ${bytes}`);
