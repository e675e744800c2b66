import { ecs } from './ecs/schema.js';
import { ocsf } from './ocsf/schema.js';
import type { Schema } from './schema.js';

/** Every schema besides `native`, which is the table's own columns. The newest version of a schema comes last. */
export const schemas: readonly Schema[] = [ocsf, ecs];

/** The newest version of a schema; undefined if the name is unknown. */
export function newestSchema(name: string): Schema | undefined {
  return schemas.findLast((schema) => schema.name === name);
}

/** The version that a batch was fixed with, or the newest if this release no longer has it. */
export function schemaOf(name: string, version: string): Schema | undefined {
  return schemas.find((schema) => schema.name === name && schema.version === version) ?? newestSchema(name);
}
