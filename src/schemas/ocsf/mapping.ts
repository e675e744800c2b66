import type { StoredEvent } from '../../domain.js';
import type { ClassName } from './classes.js';
import type { Json } from './json.js';
import type { Members } from './members.js';

/** A row of a mapping table: what an event of one type, or of one family of types, becomes. */
export interface Row {
  class: ClassName;
  /** `activity_id`. */
  activity: number;
  /** What to call it where the class has no activity for it (99); the event's type where it is left out. */
  activityName?: string;
  /** Another `activity_id` for some values of a member. */
  activityBy?: { member: string; values: Readonly<Record<string, number>> };
  /** Where the type itself says how it went. */
  status?: 'Success' | 'Failure';
  /** Of Entity Management: the kind of thing that it is about. */
  entity?: string;
  /** Of User Access and Group Management: the privilege where the event names none. */
  privilege?: string;
}

/** A family of types, for those that have no row of their own. */
export interface Family {
  types: RegExp;
  row: Row;
}

export interface Status {
  id: 0 | 1 | 2 | 99;
  /** The source's own word where `id` is 99. */
  name?: string;
  code?: string | undefined;
  detail?: string | undefined;
}

/**
 * What an event says, as objects of OCSF. Each is read when the class of the event has a place for it, and only then:
 * members that nobody read go to `unmapped`.
 */
export interface Facts {
  /** Who did it. */
  actor(): Json | undefined;
  session?(): Json | undefined;
  /** Whom it was done to. */
  user?(): Json | undefined;
  /** Where the request came from. */
  source(): Json | undefined;
  /** What was logged on to. */
  target?(): Json | undefined;
  group?(): Json | undefined;
  privileges?(): string[];
  /** What privileges are for. */
  resource?(): Json | undefined;
  resources?(): Json[] | undefined;
  entity(kind: string): Json | undefined;
  comment?(): string | undefined;
  httpRequest?(): Json | undefined;
  apiResponse?(): Json | undefined;
  /** Further attributes of Authentication. */
  logon?(): Json;
  /** `database`, `table` and the like. */
  datastore?(): Json;
  status?(): Status | undefined;
  severity?(): number | undefined;
  /** Further attributes of `metadata`. */
  metadata(): Json;
  /** What goes to `unmapped` besides the members that nobody read. */
  rest?(): Json;
}

/** How the events of one source are mapped. */
export interface Mapping {
  product: { name: string; vendor_name: string };
  /** The vendor's name of the log. */
  logName: string;
  rows: Readonly<Record<string, Row>>;
  families: readonly Family[];
  /** What a type is looked up by besides `event.type`, in this order. */
  alsoTypes?(members: Members): string[];
  facts(event: StoredEvent, members: Members, row: Row): Facts;
  /** The raw event as `raw_data` may hold it. */
  rawData?(rawEvent: string): string;
}
