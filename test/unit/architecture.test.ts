import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Import {
  from: string;
  typeOnly: boolean;
}

interface SourceFile {
  /** From the root, with slashes. */
  path: string;
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
        lines: text.trimEnd().split('\n').length,
        imports: importsOf(text),
      };
    });
}

/** Imports and re-exports, `import()` and `require()`; those of types alone are gone when the program runs. */
function importsOf(text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const imports: Import[] = [];
  for (const [, clause = '', from] of code.matchAll(/^(?:import|export)\s+([^'";]*?\s+from\s+)?'([^']+)'/gm)) {
    const named = /^\{([^}]*)\}/
      .exec(clause)?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '');
    const typeOnly = clause.startsWith('type ') || (named?.every((name) => name.trim().startsWith('type ')) ?? false);
    imports.push({ from: from!, typeOnly });
  }
  for (const [, from] of code.matchAll(/\b(?:import|require)\(\s*'([^']+)'/g))
    imports.push({ from: from!, typeOnly: false });
  return imports;
}

/** Where a relative import leads, from the root. */
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

describe('the reader of imports', () => {
  it('tells types from values', () => {
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
  it('of workflows are Temporal, zod, each other and the schemas of inputs: they are deterministic', () => {
    const pure = (path: string) => /^src\/(inputs\/.*|names|errors)\.ts$/.test(path);
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

  it('of the workflow index are re-exports of workflow files only', () => {
    const index = workflows.filter(({ path }) => path === 'workflows/index.ts');
    expect(breaches(index, (target) => !target.startsWith('workflows/'))).toEqual([]);
  });

  it('of activities do not lead to workflows', () => {
    expect(breaches(activities, (target) => target.startsWith('workflows/'))).toEqual([]);
  });

  it('of src lead to workflows and activities by type only, the worker apart', () => {
    const below = (target: string) => /^(workflows|activities)\//.test(target);
    const rest = src.filter(({ path }) => path !== 'src/worker.ts');
    expect(breaches(rest, (target, { typeOnly }) => below(target) && !typeOnly)).toEqual([]);
  });

  it('of the domain are none', () => {
    expect(src.find(({ path }) => path === 'src/domain.ts')!.imports).toEqual([]);
  });

  it.each(['sources', 'stores', 'sinks'])('of an adapter of %s do not lead to another adapter', (family) => {
    const adapter = (path: string) => new RegExp(`^src/${family}/([^/]+)/`).exec(path)?.[1];
    const adapters = src.filter(({ path }) => adapter(path) !== undefined && adapter(path) !== 'migrations');
    const foreign = (target: string, own: string) => !['migrations', own, undefined].includes(adapter(target));
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

  it('of the demo servers do not lead to the sources, whose mistakes they would share', () => {
    const demo = src.filter(({ path }) => path.startsWith('src/demo/'));
    expect(breaches(demo, (target) => /^src\/(sources|stores)\//.test(target))).toEqual([]);
  });

  it('make HTTP servers in one place, where no request can end the process', () => {
    // The front passes requests on, which takes the same module.
    const mayImport = ['src/http/incoming.ts', 'src/temporal/front.ts'];
    const others = [...activities, ...src].filter(({ path }) => !mayImport.includes(path));
    expect(breaches(others, (target, { typeOnly }) => /^(node:)?https?$/.test(target) && !typeOnly)).toEqual([]);
  });

  it('lead to the command line from nowhere else', () => {
    const others = [...workflows, ...activities, ...src].filter(({ path }) => !path.startsWith('src/cli/'));
    expect(breaches(others, (target) => target.startsWith('src/cli/'))).toEqual([]);
  });

  it('end in .js where they are relative', () => {
    const all = [...workflows, ...activities, ...src];
    expect(breaches(all, (_, { from }) => from.startsWith('.') && !from.endsWith('.js'))).toEqual([]);
  });
});

describe('the files', () => {
  it('are of 400 lines at the most', () => {
    const long = [...workflows, ...activities, ...src].filter(({ lines }) => lines > 400);
    expect(long.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });
});
