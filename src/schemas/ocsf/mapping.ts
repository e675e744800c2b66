import type { StoredEvent } from '../../domain.js';
import type { ClassName } from './classes.js';
import type { Json } from './json.js';
import type { Members } from './members.js';
import type { Objects } from './objects.js';

/** How to map an event type, or a family of types, to OCSF. */
export interface Row {
  class: ClassName;
  /** `activity_id`. */
  activity: number;
  /** Name of activity 99, for activities that the class lacks. Defaults to the event's type. */
  activityName?: string;
  /** Another `activity_id` for some values of a member. */
  activityBy?: { member: string; values: Readonly<Record<string, number>> };
  /** Set if the type itself implies the outcome. */
  status?: 'Success' | 'Failure';
  /** For Entity Management: the kind of entity. */
  entity?: string;
  /** For User Access Management and Group Management: the privilege if the event names none. */
  privilege?: string;
}

/** A family of types that have no row of their own. */
export interface Family {
  types: RegExp;
  row: Row;
}

export interface Status {
  id: 0 | 1 | 2 | 99;
  /** The source's own word if `id` is 99. */
  name?: string;
  code?: string | undefined;
  detail?: string | undefined;
}

/**
 * Facts of an event, as objects of OCSF. Each is only read if the event's class has an attribute for it: members that
 * are never read go to `unmapped`.
 */
export interface Facts {
  /** The user who performed the action. */
  actor(): Json | undefined;
  session?(): Json | undefined;
  /** The user acted upon. */
  user?(): Json | undefined;
  /** Origin of the request. */
  source(): Json | undefined;
  /** The endpoint that was logged on to. */
  target?(): Json | undefined;
  group?(): Json | undefined;
  privileges?(): string[];
  /** The resource that the privileges apply to. */
  resource?(): Json | undefined;
  resources?(): Json[] | undefined;
  entity(kind: string): Json | undefined;
  comment?(): string | undefined;
  httpRequest?(): Json | undefined;
  apiResponse?(): Json | undefined;
  /** Further attributes of Authentication. */
  logon?(): Json;
  /** `database`, `table` and similar attributes. */
  datastore?(): Json;
  status?(): Status | undefined;
  severity?(): number | undefined;
  /** Further attributes of `metadata`. */
  metadata(): Json;
  /** Goes to `unmapped`, in addition to the members that were never read. */
  rest?(): Json;
}

/** The mapping of one source's events. */
export interface Mapping {
  product: { name: string; vendor_name: string };
  /** The vendor's name of the log. */
  logName: string;
  /** The types of version 1. Later versions have those of src/schemas/event-types/. */
  rows: Readonly<Record<string, Row>>;
  families: readonly Family[];
  /** Further types to look up after `event.type`, in this order. */
  alsoTypes?(members: Members): string[];
  facts(event: StoredEvent, members: Members, objects: Objects): Facts;
  /** The raw event in the form allowed in `raw_data`. */
  rawData?(rawEvent: string): string;
}
