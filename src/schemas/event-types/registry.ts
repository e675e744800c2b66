import { asaTypes } from './asa.js';
import { descopeTypes } from './descope.js';
import { skyflowTypes } from './skyflow.js';
import { findIn, type TypeMapping, type TypeTable } from './table.js';

/** The table of each source. */
export const typeTables: Readonly<Record<string, TypeTable>> = {
  asa: asaTypes,
  descope: descopeTypes,
  skyflow: skyflowTypes,
};

const finders = new Map(Object.entries(typeTables).map(([source, table]) => [source, findIn(table)]));

/** The mapping of the first of these types that a source's table has; undefined if it has none of them. */
export function typeMappingOf(source: string, types: readonly string[]): TypeMapping | undefined {
  return finders.get(source)?.(types);
}
