import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { CheckLines } from '../../src/cli/check/lines.js';
import { checkRights, secretFiles } from '../../src/cli/check/rights.js';

function place(modes: { file: number; folder: number }): { file: string; folder: string } {
  const root = mkdtempSync(join(tmpdir(), 'trawl-rights-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const folder = join(root, 'folder');
  const file = join(folder, 'key');
  mkdirSync(folder);
  writeFileSync(file, 'x');
  chmodSync(file, modes.file);
  chmodSync(folder, modes.folder);
  return { file, folder };
}

function warnings(modes: { file: number; folder: number }): string[] {
  const { file, folder } = place(modes);
  const lines = new CheckLines();
  checkRights(lines, { files: [['ASA_KEY_SECRET_FILE', file]], folders: [['the sink archive', folder]] });
  expect(lines.ok).toBe(true);
  return lines.all.map(({ outcome, detail }) => `${outcome}: ${detail.replaceAll(folder, 'FOLDER')}`);
}

it('a file that others may read or write is named, and a folder that they may write to', () => {
  expect(warnings({ file: 0o640, folder: 0o755 })).toEqual(['passed: other users have none that matter']);
  expect(warnings({ file: 0o644, folder: 0o700 })).toEqual([
    'warning: Other users may read FOLDER/key (ASA_KEY_SECRET_FILE). Run: chmod o-rwx FOLDER/key',
  ]);
  expect(warnings({ file: 0o602, folder: 0o700 })[0]).toContain('Other users may write FOLDER/key');
  const open = warnings({ file: 0o600, folder: 0o777 });
  expect(open[0]).toContain('Other users may write to FOLDER (the sink archive)');
  expect(open[1]).toContain('Other users may write to FOLDER (the folder of ASA_KEY_SECRET_FILE)');
  expect(warnings({ file: 0o600, folder: 0o1777 })).toEqual(['passed: other users have none that matter']);
});

it('the files of secrets are those of variables and rows, but not certificates', () => {
  const env = {
    ASA_KEY_SECRET_FILE: '/a',
    SINK_HOOK_URL_FILE: '/b',
    TRAWL_PAYLOAD_KEYS_FILE: '/c',
    SINK_LOG_CA_FILE: '/ca',
    SSL_CERT_FILE: '/cert',
    TEMPORAL_TLS_CLIENT_CERT_PATH: '/cert',
    TEMPORAL_CLI_PATH: '/usr/bin/temporal',
    TEMPORAL_TLS_CLIENT_KEY_PATH: '/d',
    PGPASSFILE: '/e',
  };
  const ofSyslog = { kind: 'syslog', caFile: '/ca', certFile: '/cert', keyFile: '/g' };
  const files = secretFiles(env, [{ asaKeySecretFile: '/f', searchCount: '5' }, ofSyslog]);
  expect(files.map(([, path]) => path)).toEqual(['/a', '/b', '/c', '/d', '/e', '/f', '/g']);
});
