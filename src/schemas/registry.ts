import { ecsVersions } from './ecs/schema.js';
import { ocsfVersions } from './ocsf/schema.js';
import type { Schema } from './schema.js';

/**
 * Every version of every schema besides `native`, which is the table's own columns. A version stays for good, since a
 * batch repeats in the one that it was fixed with. The newest version of a schema comes last.
 */
const schemas: readonly Schema[] = [...ocsfVersions, ...ecsVersions];

/** The newest version of each schema, in which batches are fixed from now on. */
export const newestSchemas: readonly Schema[] = schemas.filter(({ name }, at) => {
  return !schemas.slice(at + 1).some((later) => later.name === name);
});

/** The newest version of a schema; undefined if the name is unknown. */
export function newestSchema(name: string): Schema | undefined {
  return newestSchemas.find((schema) => schema.name === name);
}

/** The version that a batch was fixed with; undefined if this release does not have it. Never another one. */
export function schemaOf(name: string, version: string): Schema | undefined {
  return schemas.find((schema) => schema.name === name && schema.version === version);
}
