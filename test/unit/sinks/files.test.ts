import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { files } from '../../../src/sinks/files/sink.js';
import { stopClock } from '../../support/clock.js';
import { batchOf, event, open } from './support.js';

/** Paths that were flushed to the disk from now on, in order. */
async function flushed(): Promise<string[]> {
  const paths: string[] = [];
  const handle = await openFile('/', 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { sync } = prototype;
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(function (this: FileHandle) {
    paths.push(readlinkSync(`/proc/self/fd/${this.fd}`));
    return sync.call(this);
  });
  onTestFinished(() => spy.mockRestore());
  return paths;
}

// The paths come from /proc.
it.runIf(process.platform === 'linux').each(['no folder yet', 'folders that an attempt made before it died'])(
  'a file is on the disk with every folder above it: %s',
  async (there) => {
    const root = mkdtempSync(join(tmpdir(), 'trawl-files-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const client = open(files, { PATH: `${root}/`, COMPRESSION: 'none' });
    const form = { schema: 'native', schemaVersion: '1', format: 'ndjson', compression: 'none', layout: 'raw' };
    const first = await client.send(batchOf([event(1)], { form }));
    const folders = first.objects[0]!.name.split('/').slice(0, -1);
    rmSync(join(root, folders[0]!), { recursive: true });
    if (there !== 'no folder yet') mkdirSync(join(root, ...folders), { recursive: true });

    const paths = await flushed();
    const { objects } = await client.send(batchOf([event(2)], { form }));
    expect(existsSync(join(root, objects[0]!.name))).toBe(true);
    expect(folders.length).toBeGreaterThan(1);
    const all = folders.map((_, depth) => join(root, ...folders.slice(0, depth + 1)));
    expect(paths.slice(1).sort()).toEqual([root, ...all].sort());
    expect(paths[0]).toMatch(/\.part$/);
  },
);

const form = { schema: 'native', schemaVersion: '1', format: 'ndjson', compression: 'none', layout: 'raw' };

function sinkFolder(): string {
  const root = mkdtempSync(join(tmpdir(), 'trawl-files-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return root;
}

it('a link at the name that an unfinished file once had leads nothing elsewhere, and is removed', async () => {
  stopClock();
  const root = sinkFolder();
  const client = open(files, { PATH: root, COMPRESSION: 'none' });
  const { name } = (await client.send(batchOf([event(1)], { form }))).objects[0]!;
  const path = join(root, name);
  rmSync(path);
  const victim = join(root, 'victim');
  writeFileSync(victim, 'untouched');
  symlinkSync(victim, join(dirname(path), `.${basename(path)}-${process.pid}-${Date.now()}.part`));
  await client.send(batchOf([event(1)], { form }));
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
  expect(readdirSync(dirname(path))).toEqual([basename(path)]);
});

it('what cannot be removed at the name of an unfinished file does not stop the offloading', async () => {
  const root = sinkFolder();
  const client = open(files, { PATH: root, COMPRESSION: 'none' });
  const { name } = (await client.send(batchOf([event(1)], { form }))).objects[0]!;
  const path = join(root, name);
  mkdirSync(join(dirname(path), `.${basename(path)}-1-ab.part`));
  rmSync(path);
  await client.send(batchOf([event(1)], { form }));
  expect(existsSync(path)).toBe(true);
});

it.each([
  [{}, 0o640, 0o750],
  [{ FILE_MODE: '0600', FOLDER_MODE: '0700' }, 0o600, 0o700],
  [{ FILE_MODE: '0644', FOLDER_MODE: '0755' }, 0o644, 0o755],
])('the rights are %o: files %o, folders %o', async (settings, fileMode, folderMode) => {
  const before = process.umask(0o022);
  onTestFinished(() => void process.umask(before));
  const root = sinkFolder();
  const client = open(files, { PATH: root, COMPRESSION: 'none', ...settings });
  const { name } = (await client.send(batchOf([event(1)], { form }))).objects[0]!;
  const path = join(root, name);
  expect(statSync(path).mode & 0o777).toBe(fileMode);
  for (let at = dirname(path); at !== root; at = dirname(at)) expect(statSync(at).mode & 0o777).toBe(folderMode);
});
