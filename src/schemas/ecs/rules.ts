import type { Description, Fields } from './fields.js';
import type { Category, Outcome, Type, Version } from './mapping.js';

/** The differences between versions. The rest of a record is made the same way in all of them. */
export interface Rules {
  version: Version;
  categorise(source: string, description: Description): Categorisation;
  /** The description as the record has it, once its categories are known. */
  adjusted(description: Description, categorisation: Categorisation): Description;
  /** The text as an address; undefined if Elasticsearch does not accept it as `ip`. */
  ipOf(text: string | undefined): string | undefined;
  /** `address`, `ip` and `port`. */
  endpointOf(address: string | undefined): Fields;
  /** `related.*`: names, ids and addresses for finding a person or a machine, whatever its role in the event. */
  relatedOf(description: Description): Fields | undefined;
}

export interface Categorisation {
  category: readonly Category[] | undefined;
  type: readonly Type[] | undefined;
  outcome: Outcome;
  /** False if no mapping table has the event's type. */
  known: boolean;
}
