import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Import {
  from: string;
  typeOnly: boolean;
  /** Whether it happens only when the program comes to it. */
  late: boolean;
}

interface SourceFile {
  /** Path from the root, with slashes. */
  path: string;
  text: string;
  lines: number;
  imports: Import[];
}

function filesUnder(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8');
      return {
        path: relative(root, path).split(sep).join('/'),
        text,
        lines: text.trimEnd().split('\n').length,
        imports: importsOf(text),
      };
    });
}

/** Imports and re-exports, `import()` and `require()`. Those of types do not exist at run time. */
function importsOf(text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const imports: Import[] = [];
  for (const [, clause = '', from] of code.matchAll(/^(?:import|export)\s+([^'";]*?\s+from\s+)?'([^']+)'/gm)) {
    const named = /^\{([^}]*)\}/
      .exec(clause)?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '');
    const typeOnly = clause.startsWith('type ') || (named?.every((name) => name.trim().startsWith('type ')) ?? false);
    imports.push({ from: from!, typeOnly, late: false });
  }
  for (const [, from] of code.matchAll(/\b(?:import|require)\(\s*'([^']+)'/g))
    imports.push({ from: from!, typeOnly: false, late: true });
  return imports;
}

/** The target of a relative import, from the root. */
function targetOf(file: SourceFile, { from }: Import): string {
  if (!from.startsWith('.')) return from;
  return relative(root, resolve(root, dirname(file.path), from))
    .split(sep)
    .join('/')
    .replace(/\.js$/, '.ts');
}

const workflows = filesUnder('workflows');
const activities = filesUnder('activities');
const src = filesUnder('src');
const demo = filesUnder('demo');

/** `file imports target` for every import that breaks a rule. */
function breaches(
  files: readonly SourceFile[],
  isBreach: (target: string, found: Import, file: SourceFile) => boolean,
) {
  return files.flatMap((file) =>
    file.imports
      .filter((found) => isBreach(targetOf(file, found), found, file))
      .map((found) => `${file.path} imports ${targetOf(file, found)}`),
  );
}

/** ARCHITECTURE.md's map from the bottom up. The files directly in `src` are the bottom, except for the worker. */
const floors = [
  ['src'],
  ['src/filter', 'src/proof'],
  ['src/inputs', 'src/schemas', 'src/settings', 'src/stores', 'src/tracing'],
  ['src/formats', 'src/http', 'src/query'],
  ['demo', 'src/sinks', 'src/sources'],
  ['src/anchoring', 'src/archive', 'src/compaction', 'src/watch'],
  ['src/metrics'],
  ['activities'],
  ['workflows'],
  ['src/temporal'],
  ['src/worker.ts'],
  ['src/cli'],
];

function roomOf(path: string): string {
  const [top = '', below = '', ...deeper] = path.split('/');
  if (top !== 'src' || path === 'src/worker.ts') return top === 'src' ? path : top;
  return deeper.length > 0 ? `${top}/${below}` : top;
}

/** Each cycle once, as a walk through it. */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, way: readonly string[]): void => {
    if (way.includes(node)) circles.push([...way.slice(way.indexOf(node)), node].join(' → '));
    if (done.has(node)) return;
    done.add(node);
    for (const next of graph.get(node) ?? []) visit(next, [...way, node]);
  };
  for (const node of graph.keys()) visit(node, []);
  return circles;
}

describe('the reader of imports', () => {
  it('distinguishes types from values', () => {
    const text = [
      "import 'side-effect';",
      "import type { A } from './a.js';",
      "import { type B, type C } from './b.js';",
      "import { type D, d } from './d.js';",
      "import e, {\n  type F,\n  f,\n} from './e.js';",
      "import * as g from './g.js';",
      "export { h } from './h.js';",
      "export type { I } from './i.js';",
      "const j = await import('./j.js');",
      "// import './no.js'",
      "/* import './neither.js' */",
      'const text = `no import`;',
    ].join('\n');
    expect(importsOf(text).map(({ from, typeOnly }) => [from, typeOnly])).toEqual([
      ['side-effect', false],
      ['./a.js', true],
      ['./b.js', true],
      ['./d.js', false],
      ['./e.js', false],
      ['./g.js', false],
      ['./h.js', false],
      ['./i.js', true],
      ['./j.js', false],
    ]);
  });

  it('finds the files', () => {
    expect(workflows.map(({ path }) => path)).toContain('workflows/index.ts');
    expect(activities.map(({ path }) => path)).toContain('activities/index.ts');
    expect(src.map(({ path }) => path)).toContain('src/domain.ts');
    expect(src.find(({ path }) => path === 'src/sources/asa/page.ts')!.imports.length).toBeGreaterThan(3);
  });
});

describe('the imports', () => {
  it('run one way: each layer imports only lower ones', () => {
    const floorOf = (room: string) => floors.findIndex((floor) => floor.includes(room));
    const everything = [...workflows, ...activities, ...src, ...demo];
    expect(everything.filter(({ path }) => floorOf(roomOf(path)) === -1).map(({ path }) => path)).toEqual([]);
    const isUp = (target: string, _: Import, { path }: SourceFile) =>
      floorOf(roomOf(target)) >= floorOf(roomOf(path)) && roomOf(target) !== roomOf(path);
    const inside = (target: string) => everything.some(({ path }) => path === target);
    expect(breaches(everything, (target, found, file) => inside(target) && isUp(target, found, file))).toEqual([]);
  });

  it('form no cycle of files, types included', () => {
    const everything = [...workflows, ...activities, ...src, ...demo];
    expect(
      circlesOf(new Map(everything.map((file) => [file.path, file.imports.map((found) => targetOf(file, found))]))),
    ).toEqual([]);
    expect(
      circlesOf(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual(['b → c → b']);
  });

  it('of workflows are only Temporal, zod, each other and pure files of src, so workflows are deterministic', () => {
    const pure = (path: string) =>
      /^src\/(inputs\/.*|branches|counted|domain|names|errors|progress-words)\.ts$/.test(path);
    const allowed = (target: string) => ['@temporalio/workflow', 'zod'].includes(target) || pure(target);
    const isBreach = (target: string, { typeOnly }: Import) => !typeOnly && !allowed(target);
    expect(breaches(workflows, (target, found) => !target.startsWith('workflows/') && isBreach(target, found))).toEqual(
      [],
    );
    const bundled = src.filter(({ path }) => pure(path));
    expect(bundled.length).toBeGreaterThan(3);
    expect(breaches(bundled, (target, found) => target.startsWith('@temporalio/') || isBreach(target, found))).toEqual(
      [],
    );
  });

  it('of the workflow index are only re-exports of workflow files', () => {
    const index = workflows.filter(({ path }) => path === 'workflows/index.ts');
    expect(breaches(index, (target) => !target.startsWith('workflows/'))).toEqual([]);
  });

  it('of activities do not lead to workflows', () => {
    expect(breaches(activities, (target) => target.startsWith('workflows/'))).toEqual([]);
  });

  it('of src lead to workflows and activities only for types, except in the worker', () => {
    const below = (target: string) => /^(workflows|activities)\//.test(target);
    const rest = src.filter(({ path }) => path !== 'src/worker.ts');
    expect(breaches(rest, (target, { typeOnly }) => below(target) && !typeOnly)).toEqual([]);
  });

  it('do not exist in the domain', () => {
    expect(src.find(({ path }) => path === 'src/domain.ts')!.imports).toEqual([]);
  });

  it.each(['sources', 'stores', 'sinks'])('of an adapter of %s do not lead to another adapter', (family) => {
    const adapter = (path: string) => new RegExp(`^src/${family}/([^/]+)/`).exec(path)?.[1];
    const adapters = src.filter(({ path }) => adapter(path) !== undefined);
    // stores/sql is shared by all stores and imports none of them.
    const foreign = (target: string, own: string) => !['sql', own, undefined].includes(adapter(target));
    expect(breaches(adapters, (target, _, file) => foreign(target, adapter(file.path)!))).toEqual([]);
  });

  it('of a source lead to no store, and of a store to no source', () => {
    expect(
      breaches(src, (target, _, file) => /^src\/sources\//.test(file.path) && /^src\/stores\//.test(target)),
    ).toEqual([]);
    expect(
      breaches(src, (target, _, file) => /^src\/stores\//.test(file.path) && /^src\/sources\//.test(target)),
    ).toEqual([]);
  });

  it('of the demo servers do not lead to the sources, so that they share no mistakes', () => {
    expect(breaches(demo, (target) => /^src\/(sources|stores)\//.test(target))).toEqual([]);
  });

  it('make HTTP servers in only one place, where no request can end the process', () => {
    // The front forwards requests, which needs the same module.
    const mayImport = ['src/http/incoming.ts', 'src/temporal/front.ts'];
    const others = [...activities, ...src, ...demo].filter(({ path }) => !mayImport.includes(path));
    expect(breaches(others, (target, { typeOnly }) => /^(node:)?https?$/.test(target) && !typeOnly)).toEqual([]);
  });

  it('load SQLite in only one place, so that its driver can be exchanged', () => {
    const others = [...activities, ...src, ...demo].filter(({ path }) => path !== 'src/sqlite-driver.ts');
    expect(breaches(others, (target) => /^(@photostructure\/|node:|better-)sqlite/.test(target))).toEqual([]);
  });

  it('start programs in only one place, which passes no secret on', () => {
    const others = [...workflows, ...activities, ...src, ...demo].filter(({ path }) => path !== 'src/processes.ts');
    expect(
      breaches(others, (target, { typeOnly }) => /^(node:)?(child_process|cluster)$/.test(target) && !typeOnly),
    ).toEqual([]);
  });

  it('load only what the verb needs: a process starts in a fraction of a second', () => {
    const files = new Map([...activities, ...src].map((file) => [file.path, file]));
    const packagesOf = (path: string, seen = new Set<string>()): string[] => {
      const file = files.get(path);
      if (!file) return /^(node:|demo\/)/.test(path) ? [] : [path];
      if (seen.has(path)) return [];
      seen.add(path);
      return file.imports
        .filter(({ typeOnly, late }) => !typeOnly && !late)
        .flatMap((found) => packagesOf(targetOf(file, found), seen));
    };
    expect([...new Set(packagesOf('src/cli/main.ts'))]).toEqual(['commander']);
    const ofWorker = ['@temporalio/worker', '@temporalio/activity', 'prom-client', 'undici', '@opentelemetry/api'];
    const withoutWorker = ['events', 'log', 'offload', 'recurring', 'status', 'store'];
    const loaded = withoutWorker.map((verb) => {
      const packages = packagesOf(`src/cli/verbs/${verb}.ts`);
      return [verb, ofWorker.filter((name) => packages.includes(name))];
    });
    expect(loaded).toEqual(withoutWorker.map((verb) => [verb, []]));
    // What a verb needs of Temporal is loaded while its own server starts.
    for (const verb of ['collect', 'offload'])
      expect(packagesOf(`src/cli/verbs/${verb}.ts`).filter((name) => name.startsWith('@temporalio/'))).toEqual([
        '@temporalio/envconfig',
      ]);
    expect(packagesOf('src/cli/verbs/worker.ts')).toEqual(expect.arrayContaining(ofWorker));
  });

  it('lead to the command line only from its entry point', () => {
    const others = [...workflows, ...activities, ...src].filter(({ path }) => !path.startsWith('src/cli/'));
    expect(breaches(others, (target) => target.startsWith('src/cli/'))).toEqual([]);
  });

  it('end in .js if they are relative', () => {
    const all = [...workflows, ...activities, ...src, ...demo];
    expect(breaches(all, (_, { from }) => from.startsWith('.') && !from.endsWith('.js'))).toEqual([]);
  });
});

describe('rules that are written only once', () => {
  it.each([
    ['the guard of an object of JSON', /'object'[^;{]*!?Array\.isArray\(/, ['src/json-values.ts']],
    ['the form of a whole number', /\/\^\\d\{1,\d+\}\$\/\.test\(/, ['src/whole-number.ts']],
    ['the types of settings, which nothing casts', /\bvalues(?:\.\w+|\[[^\]]+\]) as /, []],
    ['rounding down to units of time', /< 0n \? /, ['src/timestamp.ts']],
    ['which addresses are of this machine', /127\.0\.0\.0|'\[?::1\]?'|127\\\.|'127\.'/, ['src/loopback.ts']],
  ] as const)('%s', (_, pattern, places) => {
    const found = [...workflows, ...activities, ...src].filter(({ text }) => pattern.test(text));
    expect(found.map(({ path }) => path)).toEqual(places);
  });
});

it('whoever sets settings says what the execution log tells of it', () => {
  const calls = [...activities, ...src.filter(({ path }) => !path.startsWith('src/stores/'))].flatMap(
    ({ path, text }) => [...text.matchAll(/\.setSettings\((.*)\);/g)].map(([, given]) => `${path}: ${given}`),
  );
  expect(calls.length).toBeGreaterThan(2);
  expect(calls.filter((call) => !/, (?:changeBy|settingsChange)\(/.test(call))).toEqual([]);
});

it('rows of cleared events are told apart wherever events are read', () => {
  const readers = src.filter(({ text }) => /\b(FROM|JOIN) audit_events\b/.test(text));
  const others = readers.filter(({ text }) => !/\b(afterCleared|selectedEvents)\(/.test(text));
  expect(others.map(({ path }) => path)).toEqual(
    [
      // An example of a query of the user's own.
      'src/cli/examples.ts',
      // Removes them, and names the relation that src/stores/sql reads.
      'src/stores/postgres/dialect.ts',
      'src/stores/sqlite/dialect.ts',
      // Looks for rows with numbers that no event has.
      'src/stores/sql/proof-reader.ts',
      // Return the numbers of the rows: `knownContents` judges them.
      'src/stores/postgres/page-events.ts',
      'src/stores/sqlite/event-ids.ts',
      'src/stores/sqlite/migrations.ts',
    ].sort(),
  );
});

describe('the files', () => {
  it('export only names that another file uses', () => {
    const everything = [...workflows, ...activities, ...src, ...demo];
    const users = [...everything, ...filesUnder('test'), ...filesUnder('bench')];
    const wordsOf = new Map(users.map(({ path, text }) => [path, new Set(text.match(/[\w$]+/g))]));
    const definition = /^export (?:async )?(?:abstract )?(?:function\*?|const|class|interface|type) (\w+)/gm;
    const unused = everything.flatMap(({ path, text }) =>
      [...text.matchAll(definition)]
        .map(([, name]) => name!)
        .filter((name) => !users.some((user) => user.path !== path && wordsOf.get(user.path)!.has(name)))
        // bin/trawl calls it.
        .filter((name) => name !== 'runProcess')
        .map((name) => `${path}: ${name}`),
    );
    expect(unused).toEqual([]);
  });

  it('have at most 400 lines', () => {
    const long = [...workflows, ...activities, ...src, ...demo].filter(({ lines }) => lines > 400);
    expect(long.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });
});

it('only tests that have their process to themselves replace a module', () => {
  const replacing = filesUnder('test').filter(({ text }) => /\bvi\.(mock|doMock)\(/.test(text));
  expect(replacing.length).toBeGreaterThan(0);
  expect(replacing.map(({ path }) => path).filter((path) => !path.startsWith('test/unit/mocked/'))).toEqual([]);
});
