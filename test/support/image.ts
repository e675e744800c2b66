import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { install, root } from '../../scripts/setup.mjs';
import { copied, stages } from './dockerfile.js';

/**
 * Runs the first stage of the Dockerfile as a container engine would, except that it uses the dependencies installed here.
 * @param app the folder that is /app in the image; it must not exist
 * @param image the folder that is /opt/trawl
 * @param others files that lie in /app as well
 */
export async function buildImage(app: string, image: string, others: Record<string, string> = {}): Promise<void> {
  install();
  mkdirSync(app);
  symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'));
  for (const [path, text] of Object.entries(others)) writeFileSync(join(app, path), text);
  for (const instruction of stages()[0]!) {
    if (instruction.name === 'COPY') {
      const { from, to } = copied(instruction);
      const toFolder = to.endsWith('/');
      for (const path of from)
        cpSync(join(root, path), join(app, to, toFolder ? path.split('/').at(-1)! : ''), { recursive: true });
    }
    if (instruction.name === 'RUN') {
      const command = instruction.rest.replaceAll('/opt/trawl', image).replaceAll('/app', app);
      await promisify(execFile)('sh', ['-euc', command], {
        cwd: app,
        env: { ...process.env, npm_config_prefer_offline: 'true' },
      });
    }
  }
}
