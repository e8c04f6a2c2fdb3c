/**
 * Builds the libraries that the pages bring along into `../pages/assets/vendor/`, which is committed: a machine without
 * Node gets pages, too. `--check` says whether those files are what the installed packages make.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const vendor = path.join(here, '..', 'pages', 'assets', 'vendor');

/** Each file of the folder: what it exports, and from which packages. */
const FILES = {
  'fluent.js': {
    source: `export { FluentBundle, FluentResource } from '@fluent/bundle'; export { negotiateLanguages } from '@fluent/langneg';`,
    packages: ['@fluent/bundle', '@fluent/langneg'],
    copyright: 'Mozilla and the contributors of Project Fluent, https://github.com/projectfluent/fluent.js',
  },
};

for (const [name, file] of Object.entries(FILES)) {
  const text = await bundle(file);
  const target = path.join(vendor, name);
  if (!process.argv.includes('--check')) {
    await mkdir(vendor, { recursive: true });
    await writeFile(target, text);
  } else if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
    console.error(`web/pages/assets/vendor/${name} is not what the packages make: run \`npm run build\` in web/pages-build`);
    process.exitCode = 1;
  }
}

async function bundle({ source, packages, copyright }) {
  const parts = [];
  for (const name of packages) {
    const { version, license } = JSON.parse(await readFile(path.join(here, 'node_modules', name, 'package.json'), 'utf8'));
    parts.push(` * ${name} ${version}, ${license}`);
  }
  const notice = [
    '/*!',
    ...parts,
    ` * Copyright ${copyright}.`,
    ' * Licensed under the Apache License, Version 2.0: http://www.apache.org/licenses/LICENSE-2.0',
    ' * Built, unchanged, by `npm run build` in web/pages-build.',
    ' */',
  ].join('\n');
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: here },
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022'],
    legalComments: 'none',
    banner: { js: notice },
    write: false,
  });
  return outputFiles[0].text;
}
