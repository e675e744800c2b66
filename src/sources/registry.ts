import { asa } from './asa/source.js';
import { descope } from './descope/source.js';
import { skyflow } from './skyflow/source.js';
import type { Source } from './source.js';

/** Every kind of source. To add one, create a folder beside this file and add a line here and in kinds.ts. */
export const sources: readonly Source[] = [asa, descope, skyflow];

export function sourceOf(kind: string): Source {
  return sources.find((source) => source.kind === kind)!;
}
