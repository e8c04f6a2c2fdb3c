/** The catalogues of the pages, and the code that uses them. Needs no browser and no service. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { parse, Visitor } from '@fluent/syntax';

import { argumentsOf, callsOf, fixedBeginnings, literals } from './lib/script.mjs';

const pages = fileURLToPath(new URL('../../web/pages/', import.meta.url));
const assets = path.join(pages, 'assets');
const locales = path.join(assets, 'locales');
const { FluentBundle, FluentResource } = await import(path.join(assets, 'vendor', 'fluent.js'));

const folders = readdirSync(locales).sort();
const areas = readdirSync(path.join(locales, 'en')).map((file) => path.basename(file, '.ftl')).sort();
const text = (language, area) => readFileSync(path.join(locales, language, `${area}.ftl`), 'utf8');

/** What a message takes and whether it picks words by a number. */
class Uses extends Visitor {
  /** Arguments that are written out, and those that at least choose among variants. */
  written = new Set();
  arguments = new Set();
  /** Variants of each selection by a number, and which of them stands for all others. */
  plurals = [];
  visitVariableReference(node) {
    this.written.add(node.id.name);
    this.arguments.add(node.id.name);
  }
  visitSelectExpression({ selector, variants }) {
    const keys = variants.map(({ key }) => key.name ?? key.value);
    const other = keys[variants.findIndex((variant) => variant.default)];
    const choosing = new Uses();
    choosing.visit(selector);
    for (const name of choosing.arguments) this.arguments.add(name);
    const numbers = keys.some((key) => ['zero', 'one', 'two', 'few', 'many'].includes(key));
    if (numbers) this.plurals.push({ keys, other, by: [...choosing.arguments] });
    for (const variant of variants) this.visit(variant);
  }
}

/** @returns {Map<string, Uses>} */
function catalogue(language, area) {
  const messages = new Map();
  for (const entry of parse(text(language, area), { withSpans: true }).body) {
    if (entry.type.endsWith('Comment')) continue;
    const where = `${language}/${area}.ftl`;
    assert.notEqual(entry.type, 'Junk', `${where}: ${entry.annotations?.[0]?.message}: ${entry.content}`);
    const id = entry.id.name;
    assert.equal(entry.type, 'Message', `${where}: -${id} is a term; there are only messages`);
    assert.ok(id.startsWith(`${area}-`), `${where}: ${id} does not begin with ${area}-`);
    assert.ok(!messages.has(id), `${where}: ${id} is there twice`);
    assert.ok(entry.value, `${where}: ${id} has no text`);
    assert.deepEqual(entry.attributes, [], `${where}: ${id} has attributes`);
    const uses = new Uses();
    uses.visit(entry.value);
    messages.set(id, uses);
  }
  return messages;
}

const english = new Map(areas.flatMap((area) => [...catalogue('en', area)]));

const scripts = readdirSync(assets, { recursive: true })
  .filter((file) => file.endsWith('.js') && !file.startsWith('vendor') && file !== 'session.js')
  .map((file) => ({ file, code: readFileSync(path.join(assets, file), 'utf8') }));
const documents = readdirSync(pages)
  .filter((file) => file.endsWith('.html'))
  .map((file) => ({ file, html: readFileSync(path.join(pages, file), 'utf8') }));

test('the list of languages is the list of folders', () => {
  const { code } = scripts.find(({ file }) => file === 'i18n.js');
  const list = /languages = Object\.freeze\(\{([^}]*)\}/.exec(code)[1];
  assert.deepEqual([...list.matchAll(/^\s*(\w+):/gm)].map(([, name]) => name).sort(), folders);
});

for (const language of folders) {
  test(`${language} has every text, with the arguments of the English one`, () => {
    assert.deepEqual(readdirSync(path.join(locales, language)).map((file) => path.basename(file, '.ftl')).sort(), areas);
    for (const area of areas) {
      const own = catalogue(language, area);
      const wanted = catalogue('en', area);
      assert.deepEqual([...wanted.keys()].filter((id) => !own.has(id)), [], `missing in ${language}/${area}.ftl`);
      assert.deepEqual([...own.keys()].filter((id) => !wanted.has(id)), [], `not in en/${area}.ftl, but in ${language}`);
      for (const [id, message] of own) {
        const model = wanted.get(id);
        // Not every language has to choose among words where English does.
        assert.deepEqual([...model.written].filter((name) => !message.arguments.has(name)), [], `${id} in ${language} leaves out`);
        assert.deepEqual([...message.arguments].filter((name) => !model.arguments.has(name)), [], `${id} in ${language} asks for`);
      }
    }
  });

  test(`${language} has a word for every number`, () => {
    const rules = new Intl.PluralRules(language);
    const needed = new Set(Array.from({ length: 200 }, (_, number) => rules.select(number)));
    for (const area of areas) {
      for (const [id, { plurals, written }] of catalogue(language, area)) {
        for (const { keys, other, by } of plurals) {
          // A number that is not written out chooses verbs: one, or more.
          if (!by.some((name) => written.has(name))) continue;
          const missing = [...needed].filter((category) => !keys.includes(category));
          // The variant for all others may stand for one that is not named.
          if (missing.length === 1 && !needed.has(other)) continue;
          assert.deepEqual(missing, [], `${id} in ${language}/${area}.ftl`);
        }
      }
    }
  });

  test(`${language} can be written out`, () => {
    for (const area of areas) {
      const bundle = new FluentBundle(language);
      assert.deepEqual(bundle.addResource(new FluentResource(text(language, area))), []);
      for (const [id, message] of catalogue(language, area)) {
        const pattern = bundle.getMessage(id)?.value;
        assert.ok(pattern, `${id} in ${language}`);
        for (const number of [0, 1, 2, 5, 21, 350]) {
          const args = Object.fromEntries([...message.arguments].map((name) => [name, number]));
          const errors = [];
          const written = bundle.formatPattern(pattern, args, errors);
          assert.deepEqual(errors, [], `${id} in ${language}`);
          assert.doesNotMatch(written, /\{|\}|<|\.\.\.|\s$/, `${id} in ${language}`);
        }
      }
    }
  });
}

test('the code asks for texts that there are, with all their arguments', () => {
  const problems = [];
  for (const { file, code } of scripts) {
    for (const { name, inside } of callsOf(code, ['t', 'textId', 'hasText'])) {
      const [id, args] = argumentsOf(inside);
      const ids = literals(id).filter((one) => areas.some((area) => one.startsWith(`${area}-`)));
      for (const one of ids) {
        if (!english.has(one)) problems.push(`${file}: ${one} is in no catalogue`);
      }
      if (name !== 't' || ids.length !== 1 || !english.has(ids[0]) || fixedBeginnings(id).length > 0) continue;
      const needed = [...english.get(ids[0]).arguments];
      if (args === undefined && needed.length > 0) problems.push(`${file}: ${ids[0]} needs ${needed.join(', ')}`);
      if (!args?.startsWith('{') || args.includes('...')) continue;
      const given = argumentsOf(args.slice(1, -1)).filter(Boolean).map((one) => /^\s*([\w$]+)/.exec(one)?.[1]);
      for (const one of needed) if (!given.includes(one)) problems.push(`${file}: ${ids[0]} needs ${one}`);
      for (const one of given) if (!needed.includes(one)) problems.push(`${file}: ${ids[0]} does not take ${one}`);
    }
  }
  for (const { file, html } of documents) {
    for (const [, id] of html.matchAll(/data-t="([^"]*)"/g)) {
      if (!english.has(id)) problems.push(`${file}: ${id} is in no catalogue`);
    }
  }
  assert.deepEqual(problems, []);
});

test('every text is used', () => {
  const used = new Set(documents.flatMap(({ html }) => [...html.matchAll(/data-t="([^"]*)"/g)].map(([, id]) => id)));
  const beginnings = [];
  for (const { code } of scripts) {
    for (const literal of literals(code)) used.add(literal);
    beginnings.push(...fixedBeginnings(code).filter((one) => areas.some((area) => one.startsWith(`${area}-`))));
  }
  const unused = [...english.keys()].filter((id) => !used.has(id) && !beginnings.some((one) => id.startsWith(one)));
  assert.deepEqual(unused, []);
});

test('every end of a call that the service knows has a sentence', () => {
  const reasons = readFileSync(new URL('../../crates/teams-link/src/admission/reason.rs', import.meta.url), 'utf8');
  const keys = [...reasons.matchAll(/^ {4}([a-z0-9_]+): \d+\/\d+, \w+, "/gm)].map(([, key]) => key.replaceAll('_', '-'));
  assert.ok(keys.length > 20, 'found the table of end reasons');
  for (const key of keys) assert.ok(english.has(`people-why-${key}`), `people-why-${key} is missing`);
});
