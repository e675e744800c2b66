import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Environment } from '../../environment.js';
import { filesOfProcess } from '../../settings/secret-files.js';
import { tableKeys } from '../../settings/table-keys.js';
import { sinks } from '../../sinks/registry.js';
import { sources } from '../../sources/registry.js';
import type { CheckLines } from './lines.js';

const othersRead = 0o004;
const othersWrite = 0o002;
const sticky = 0o1000;

/** Files and folders that hold, or decide, what no other user may read or change. */
export interface Guarded {
  /** Files with secrets or events, by what they are. */
  files: readonly (readonly [what: string, path: string])[];
  /** Folders whose files are Trawl's own. */
  folders: readonly (readonly [what: string, path: string])[];
}

/** Warns of what other users of this machine may read or write. A group has its rights on purpose. */
export function checkRights(lines: CheckLines, { files, folders }: Guarded): void {
  const found = [
    ...files.map(([what, path]) => ofFile(what, path)),
    ...[...folders, ...files.map(([what, path]) => [`the folder of ${what}`, dirname(path)] as const)].map(
      ([what, path]) => ofFolder(what, path),
    ),
  ].filter((one) => one !== undefined);
  if (found.length === 0) lines.passed('rights', 'other users have none that matter');
  for (const one of new Set(found)) lines.warning('rights', one);
}

function ofFile(what: string, path: string): string | undefined {
  const mode = modeOf(path);
  const rights = [mode & othersRead && !isGiven(path) && 'read', mode & othersWrite && 'write'].filter(Boolean);
  if (rights.length === 0) return undefined;
  return `Other users may ${rights.join(' and ')} ${path} (${what}). Run: chmod o-rwx ${path}`;
}

/** Whoever may write to a folder may replace what is in it, unless only owners may (the sticky bit). */
function ofFolder(what: string, path: string): string | undefined {
  const mode = modeOf(path);
  if ((mode & othersWrite) === 0 || (mode & sticky) !== 0) return undefined;
  return `Other users may write to ${path} (${what}), and so put other files in place of those there. Run: chmod o-w ${path}`;
}

/** Secrets that a container gets are readable by all of its users, who are only Trawl. */
function isGiven(path: string): boolean {
  return path.startsWith('/run/secrets/');
}

function modeOf(path: string): number {
  try {
    return statSync(path).mode;
  } catch {
    return 0;
  }
}

const ofSink = /^SINK_[A-Z0-9_]+_FILE$/;
const isPublic = /_(?:CA|CERT|CLI)(?:_|$)/;

/** The files that variables and rows of the table name as places of secrets. */
export function secretFiles(env: Environment, rows: readonly Readonly<Record<string, string>>[]): [string, string][] {
  const ofSources = new Set(sources.flatMap(({ settings }) => settings.map((setting) => `${setting.env}_FILE`)));
  const ofOthers = Object.entries(env).flatMap(([name, path]): [string, string][] =>
    path && (ofSources.has(name) || ofSink.test(name)) ? [[name, path]] : [],
  );
  const named = [...sources, ...sinks].flatMap(({ settings }) => [...tableKeys({ settings })]);
  const inTable = new Set(
    named.flatMap(([key, { definition, pointer }]) => (pointer === 'File' || definition.secretFile ? [key] : [])),
  );
  const inRows = rows.flatMap((one) => Object.entries(one)).filter(([key]) => inTable.has(key));
  return [...[...ofOthers, ...filesOfProcess(env)].filter(([name]) => !isPublic.test(name)), ...inRows];
}
