import { existsSync } from 'node:fs';
import { access, chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import type { SentObject, WrittenObject } from '../../batch.js';
import { draftMark } from '../../drafts.js';
import { reasonOf, TrawlError } from '../../errors.js';
import { type ObjectName, objectName } from '../../names.js';
import { sharedMode } from '../../private-files.js';
import { defineSettings, type ValuesOf } from '../../settings/definition.js';
import { wordSetting } from '../../settings/kinds.js';
import { needsShell } from '../../settings/odd-characters.js';
import { objectFiles, objectGone, requireSize, sentObject } from '../objects.js';
import { fileSettingProblems, fileSettings } from '../settings.js';
import type { OutgoingBatch, ProofFolder, SendResult, Sink, SinkClient, WholeFile } from '../sink.js';

const filesSettings = defineSettings({
  path: {
    env: 'PATH',
    meaning: 'Folder to write the files to',
    expected: 'an absolute path',
    guarded: true,
    schema: z.string().refine((path) => isAbsolute(path) && !path.includes('\0') && !needsShell(path)),
  },
  fileMode: wordSetting({ env: 'FILE_MODE', meaning: 'Rights of the files, less what the umask of the user takes' }, [
    '0640',
    '0600',
    '0644',
    '0660',
    '0664',
  ]),
  folderMode: wordSetting(
    { env: 'FOLDER_MODE', meaning: 'Rights of the folders that are made, less what the umask of the user takes' },
    ['0750', '0700', '0755', '0770', '0775'],
  ),
  ...fileSettings,
});

type FilesSettings = ValuesOf<typeof filesSettings>;

/** Files in a local folder or on a mounted file system. */
export const files: Sink<FilesSettings> = {
  kind: 'files',
  settings: filesSettings,
  fileForm: (settings) => settings,
  check: fileSettingProblems,
  open: (settings) => new FilesClient(settings),
};

class FilesClient implements SinkClient {
  readonly place: string;
  readonly #settings: FilesSettings;

  constructor(settings: FilesSettings) {
    this.#settings = settings;
    this.place = settings.path;
  }

  async send(batch: OutgoingBatch, signal?: AbortSignal): Promise<SendResult> {
    const objects: SentObject[] = [];
    let unmapped = 0;
    for await (const file of objectFiles(batch, this.#settings)) {
      signal?.throwIfAborted();
      await this.#write(file.name, file.bytes);
      objects.push(sentObject(file, file.name));
      unmapped += file.unmapped;
    }
    return { objects, bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0), unmapped, refused: [] };
  }

  async check(): Promise<void> {
    const name = `.trawl-check-${process.pid}` as const;
    await this.#write(name, Buffer.from('Trawl may write here.\n'));
    await rm(join(this.place, name), { force: true });
  }

  /** The name comes from the store: it must not lead to other files. */
  async read(object: WrittenObject): Promise<Uint8Array> {
    const path = join(this.place, objectName(...object.name.split('/')));
    try {
      const file = await open(path, 'r');
      try {
        requireSize(object, (await file.stat()).size, this.place);
        return await file.readFile();
      } finally {
        await file.close();
      }
    } catch (error) {
      if (error instanceof TrawlError) throw error;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw objectGone(object, this.place, error);
      throw new TrawlError('SINK_REFUSED', `${path} cannot be read: ${reasonOf(error)}.`, {
        hint: 'Allow this user to read it, and check the disk or the mount.',
        cause: error,
      });
    }
  }

  /** As for `read`, the name comes from the store. */
  async write(name: string, { bytes }: WholeFile): Promise<void> {
    await this.#write(objectName(...name.split('/')), bytes);
  }

  async lockOf(): Promise<null> {
    return null;
  }

  async remove(name: string): Promise<string | null> {
    const path = join(this.place, objectName(...name.split('/')));
    try {
      await access(this.place);
      await rm(path, { force: true });
      await sync(dirname(path));
      return null;
    } catch (error) {
      const failed = sinkError(error, this.place);
      if (failed.code === 'SINK_REFUSED') return reasonOf(error);
      throw failed;
    }
  }

  readonly proofFolder: ProofFolder = {
    keep: async (name, bytes) => {
      const isSame = (found: Uint8Array | null) => found !== null && Buffer.compare(found, bytes) === 0;
      const before = await this.proofFolder.get(name);
      if (before !== null) return isSame(before);
      try {
        await this.#write(objectName(...name.split('/')), bytes);
        return true;
      } catch (error) {
        // Another process was writing it at the same time.
        if (isSame(await this.proofFolder.get(name))) return true;
        throw error;
      }
    },
    after: async (folder, name) => {
      try {
        await access(this.place);
        const names = await readdir(join(this.place, objectName(...folder.split('/'))));
        return names.filter((one) => !one.startsWith('.') && one > name).sort();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT' && existsSync(this.place)) return [];
        throw sinkError(error, this.place);
      }
    },
    get: async (name) => {
      try {
        return await readFile(join(this.place, objectName(...name.split('/'))));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw sinkError(error, this.place);
      }
    },
  };

  async close(): Promise<void> {}

  /** A file gets its final name only once it is complete and on the disk. */
  async #write(name: ObjectName | `.trawl-check-${number}`, bytes: Uint8Array): Promise<void> {
    const path = join(this.place, name);
    const folder = dirname(path);
    const partPrefix = `.${basename(path)}-`;
    // Hidden, and opened only if nothing is there: a link put there would lead the bytes elsewhere.
    const part = join(folder, `${partPrefix}${draftMark()}.part`);
    const fileMode = Number.parseInt(this.#settings.fileMode, 8);
    try {
      // Not created here: if a mount is missing, the files would go to the disk below it.
      await access(this.place);
      await makeShared(folder, Number.parseInt(this.#settings.folderMode, 8));
      try {
        const file = await open(part, 'wx', fileMode);
        try {
          await widen(file, await file.stat(), fileMode);
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(part, path);
        // Left by a dead process. A process that is sending the same batch fails, and finds it sent on its retry. What cannot
        // be removed, since someone else has left it, stays.
        for (const left of await readdir(folder))
          if (left.startsWith(partPrefix) && left.endsWith('.part'))
            await rm(join(folder, left), { force: true }).catch(() => undefined);
      } catch (error) {
        await rm(part, { force: true }).catch(() => undefined);
        throw error;
      }
      // All of them, as the power may have gone before the last attempt came to it: folders that it made are not new any more.
      for (let at = folder; ; at = dirname(at)) {
        await sync(at);
        if (at === resolve(this.place) || at === dirname(at)) break;
      }
    } catch (error) {
      throw sinkError(error, this.place);
    }
  }
}

/** Uses the permissions of the user's own umask, since other programs may need to read the files. */
async function makeShared(folder: string, mode: number): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    await widen({ chmod: (wide) => chmod(made, wide) }, await stat(made), mode);
  }
}

/** Puts the names in a folder on the disk. */
async function sync(folder: string): Promise<void> {
  const directory = await open(folder, 'r');
  await directory.sync().finally(() => directory.close());
}

/**
 * Gives the rights that the user's own umask leaves of a mode. None is taken away: the folder above may hand down its group,
 * or rights by an access control list, which are then those of the group in the mode.
 */
async function widen(
  target: { chmod(mode: number): Promise<void> },
  { mode }: { mode: number },
  wanted: number,
): Promise<void> {
  const wide = mode | sharedMode(wanted);
  if (wide !== mode) await target.chmod(wide & 0o7777);
}

function sinkError(error: unknown, place: string): TrawlError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const said = `The folder ${place}`;
  if (code === 'ENOENT') {
    return new TrawlError('SINK_UNAVAILABLE', `${said} is not there.`, {
      hint: 'Create it, or mount its file system; offloading then resumes.',
      cause: error,
    });
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new TrawlError('SINK_FULL', `${said} has no room left (${code}).`, {
      hint: 'Free disk space; offloading then resumes.',
      cause: error,
    });
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENAMETOOLONG'].includes(code)) {
    return new TrawlError('SINK_REFUSED', `${said} cannot be written to: ${reasonOf(error)}.`, {
      hint: "Allow the worker's user to write there, or set another path.",
      cause: error,
    });
  }
  return new TrawlError('SINK_UNAVAILABLE', `${said} cannot be written to: ${reasonOf(error)}.`, {
    hint: 'Check the disk or the mount, and the system log.',
    cause: error,
  });
}
