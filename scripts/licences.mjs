// npm run licences: writes THIRD-PARTY-LICENSES.md from the lockfile and the workflow bundle.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtimePackages } from './runtime.mjs';
import { build, install, root } from './setup.mjs';

/** Licences that dependencies at run time may have, as SPDX writes them. They require their text at most. */
const allowed = [
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 AND MIT',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  // The licence of data, not code: caniuse-lite.
  'CC-BY-4.0',
  'ISC',
  'MIT',
  'Unlicense',
];

/** One line for each package whose licence is not allowed. */
export function refused(packages) {
  return packages
    .filter(({ licence }) => !allowed.includes(licence))
    .map(({ id, licence }) => `${id}: ${licence || 'no licence'}`);
}

/** The packages whose code is inside the workflow bundle, by its source map. */
function bundled(bundle) {
  const [, map] = /sourceMappingURL=data:application\/json;charset=utf-8;base64,([\w+/=]+)/.exec(bundle);
  const { sources } = JSON.parse(Buffer.from(map, 'base64').toString());
  const names = sources.map((source) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1]);
  return [...new Set(names.filter(Boolean))].sort();
}

function textOf(name) {
  const folder = join(root, 'node_modules', name);
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
  if (!file) throw new Error(`${name} is part of the workflow bundle, and brings no text of its licence`);
  return readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
}

export function page(packages, bundle) {
  const rows = packages.map(({ id, licence }) => [id, licence]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [
    '# Third-party licences',
    '',
    'What Trawl needs at run time, as its lockfile has it. Made by `npm run licences`.',
    '',
    line(['package', 'licence']),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
    '',
    '## Inside the package itself',
    '',
    '`dist/workflow-bundle.js` has code of these. The others bring the texts of their licences themselves.',
    '',
    ...bundled(bundle).flatMap((name) => [`### ${name}`, '', '```', textOf(name), '```', '']),
  ].join('\n');
}

if (process.argv[1]?.endsWith('licences.mjs')) {
  install();
  build();
  const packages = runtimePackages();
  const wrong = refused(packages);
  if (wrong.length > 0) {
    console.error(`error: not among the licences that are allowed (scripts/licences.mjs): ${wrong.join('; ')}`);
    process.exitCode = 1;
  } else {
    const bundle = readFileSync(join(root, 'dist', 'workflow-bundle.js'), 'utf8');
    writeFileSync(join(root, 'THIRD-PARTY-LICENSES.md'), page(packages, bundle));
  }
}
