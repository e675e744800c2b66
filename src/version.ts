import { readFileSync } from 'node:fs';

/** Version of the package that contains this file, compiled (`dist/src`) or not. */
export function packageVersion(): string {
  for (const path of ['../../package.json', '../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<
        string,
        string
      >;
      if (name === 'trawl' && version !== undefined) return version;
    } catch {
      // package.json is at the other path.
    }
  }
  return 'unknown';
}
