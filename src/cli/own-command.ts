import { delimiter, dirname, relative } from 'node:path';

/** This command as the user called it, for lines that people copy into another shell in the same folder. */
export function ownCommand(
  env: Readonly<Record<string, string | undefined>>,
  script = process.argv[1]!,
  folder = process.cwd(),
): string {
  if (env.npm_command === 'exec') return 'npx trawl';
  if ((env.PATH ?? '').split(delimiter).includes(dirname(script))) return 'trawl';
  const from = relative(folder, script);
  return from.startsWith('..') ? script : from;
}
