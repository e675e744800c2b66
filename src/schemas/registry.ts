import { ecs } from './ecs/schema.js';
import { ocsf } from './ocsf/schema.js';
import type { Schema } from './schema.js';

/** Every schema besides `native`, which is the table's own columns. Of several versions of one the newest is last. */
export const schemas: readonly Schema[] = [ocsf, ecs];

/** The newest version of a schema; undefined where there is none of that name. */
export function newestSchema(name: string): Schema | undefined {
  return schemas.findLast((schema) => schema.name === name);
}

/** The version that a batch was fixed with, or the newest where this release has it no more. */
export function schemaOf(name: string, version: string): Schema | undefined {
  return schemas.find((schema) => schema.name === name && schema.version === version) ?? newestSchema(name);
}
