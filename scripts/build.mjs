import { spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

for (const folder of ['src', 'workflows', 'activities', 'demo'])
  rmSync(join(dist, folder), { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
  stdio: ['ignore', 2, 2],
});
if (status !== 0) process.exit(1);

mkdirSync(dist, { recursive: true });
const tracing = createRequire(import.meta.url).resolve(
  '@temporalio/interceptors-opentelemetry/lib/workflow-interceptors',
);
const always = [join(dist, 'workflows', 'failed-details.js')];
for (const [name, workflowInterceptorModules] of [
  ['workflow-bundle.js', always],
  // For workers that trace, so that the others do not pay for it.
  ['workflow-bundle.traced.js', [tracing, ...always]],
]) {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(dist, 'workflows', 'index.js'),
    workflowInterceptorModules,
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(join(dist, name), withoutFolders(code));
}

/** Removes the folders' paths of this machine, which the bundle and the source map inside it contain. */
function withoutFolders(bundle) {
  // node_modules may be a link, and paths may also name its target relative to this folder.
  const modules = realpathSync(join(root, 'node_modules'));
  const names = [
    [relative(process.cwd(), modules), './node_modules'],
    [modules, 'node_modules'],
    [root + sep, ''],
  ].filter(([name]) => /\w/.test(name) && name !== 'node_modules');
  const without = (text) => names.reduce((left, [name, instead]) => left.replaceAll(name, instead), text);
  return without(bundle).replace(/(?<=sourceMappingURL=data:application\/json;charset=utf-8;base64,)[\w+/=]+/, (map) =>
    Buffer.from(withoutTexts(without(Buffer.from(map, 'base64').toString()))).toString('base64'),
  );
}

/** Removes the texts of packages from a source map: they are a third of the bundle, which each worker parses twice. */
function withoutTexts(map) {
  const { sources, sourcesContent, ...rest } = JSON.parse(map);
  const own = sourcesContent.map((text, nth) => (sources[nth].includes('node_modules/') ? null : text));
  return JSON.stringify({ ...rest, sources, sourcesContent: own });
}
