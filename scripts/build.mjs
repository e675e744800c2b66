import { spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

for (const folder of ['src', 'workflows', 'activities']) rmSync(join(dist, folder), { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
  stdio: ['ignore', 2, 2],
});
if (status !== 0) process.exit(1);

mkdirSync(dist, { recursive: true });
const tracing = createRequire(import.meta.url).resolve(
  '@temporalio/interceptors-opentelemetry/lib/workflow-interceptors',
);
for (const [name, workflowInterceptorModules] of [
  ['workflow-bundle.js', []],
  // For workers that trace: the others are not to pay for it.
  ['workflow-bundle.traced.js', [tracing]],
]) {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(dist, 'workflows', 'index.js'),
    workflowInterceptorModules,
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(join(dist, name), withoutFolders(code));
}

/** The source map inside the bundle names the folders that it was made from: from here on, they are nobody's business. */
function withoutFolders(bundle) {
  // node_modules may be a link.
  const folders = [root, dirname(realpathSync(join(root, 'node_modules')))].map((folder) => folder + sep);
  return bundle.replace(/(?<=sourceMappingURL=data:application\/json;charset=utf-8;base64,)[\w+/=]+/, (map) => {
    const named = Buffer.from(map, 'base64').toString();
    return Buffer.from(folders.reduce((text, folder) => text.replaceAll(folder, ''), named)).toString('base64');
  });
}
