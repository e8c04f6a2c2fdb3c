/**
 * Finds calls and strings in JavaScript, as far as the pages' own code needs it: comments, strings and templates are told
 * apart, regular expressions that contain quotes are not.
 */

/**
 * Calls of functions by their names, not of methods.
 * @param {string} code
 * @param {string[]} names
 * @returns {{name: string, inside: string}[]} with what stands between the brackets
 */
export function callsOf(code, names) {
  const found = [];
  const plain = withoutComments(code);
  for (const match of plain.matchAll(new RegExp(`(?<![\\w.$])(${names.join('|')})\\(`, 'g'))) {
    const start = match.index + match[0].length;
    if (/function\s*$/.test(plain.slice(0, match.index))) continue;
    found.push({ name: match[1], inside: plain.slice(start, closing(plain, start)) });
  }
  return found;
}

/**
 * Splits at the commas outside of brackets and strings.
 * @param {string} inside
 * @returns {string[]}
 */
export function argumentsOf(inside) {
  const parts = [];
  let from = 0;
  walk(inside, 0, (character, at, depth) => {
    if (character === ',' && depth === 0) {
      parts.push(inside.slice(from, at).trim());
      from = at + 1;
    }
    return false;
  });
  const last = inside.slice(from).trim();
  return last ? [...parts, last] : parts;
}

/** The strings in plain quotes. @param {string} code */
export function literals(code) {
  return [...withoutComments(code).matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"/g)].map(([, one, other]) => one ?? other);
}

/** What templates begin with before their first `${`. @param {string} code */
export function fixedBeginnings(code) {
  return [...withoutComments(code).matchAll(/`([^`$\\]+)\$\{/g)].map(([, beginning]) => beginning);
}

function withoutComments(code) {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[\s;{}(,])\/\/[^\n]*/g, '$1');
}

/** Where the bracket that was opened before `start` is closed. */
function closing(code, start) {
  let end = code.length;
  walk(code, start, (character, at, depth) => {
    if (depth >= 0) return false;
    end = at;
    return true;
  });
  return end;
}

/** Calls `visit` for each character outside of strings, until it says true. */
function walk(code, start, visit) {
  let depth = 0;
  let quote = '';
  for (let at = start; at < code.length; at += 1) {
    const character = code[at];
    if (quote) {
      if (character === '\\') at += 1;
      else if (character === quote) quote = '';
      continue;
    }
    if (`'"\``.includes(character)) {
      quote = character;
      continue;
    }
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (visit(character, at, depth)) return;
  }
}
