import { readFileSync } from 'node:fs';

/** Of the package that this file is in, compiled (`dist/src`) or not. */
export function packageVersion(): string {
  for (const path of ['../../package.json', '../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<
        string,
        string
      >;
      if (name === 'trawl' && version !== undefined) return version;
    } catch {
      // It is the other one.
    }
  }
  return 'unknown';
}
