import { objectMembers, skipSpace } from '../../src/json-slices.js';
import { isJsonObject } from '../../src/json-values.js';
import { rfc3339 } from '../rfc3339.js';
import type { Member } from './event-members.js';
import { eventTypes } from './event-types.js';
import { goJson } from './go-json.js';
import { Scene } from './scene.js';
import type { Team } from './team.js';
import type { Moment, Timeline } from './timeline.js';

/** One event as the server sends it. */
export interface EventText {
  id: string;
  timestamp: string;
  /** JSON text of the member `details`. */
  details: string;
  /** JSON text of the whole event. */
  text: string;
}

interface RenderedEvent extends EventText {
  /** Keys that the event refers to; some may have no object. */
  keys: readonly string[];
}

interface Template {
  until: number;
  /** In the order in which Go writes them. */
  members: readonly [label: string, member: Member][];
}

/** Makes any event of the timeline from its position alone. */
export class EventGenerator {
  readonly #seed: number;
  readonly #timeline: Timeline;
  readonly #scene: Scene;
  readonly #templates: Template[] = [];
  readonly #team: Team;

  constructor(seed: number, team: Team, timeline: Timeline) {
    this.#seed = seed;
    this.#team = team;
    this.#timeline = timeline;
    this.#scene = new Scene(team);
    let until = 0;
    for (const { type, weight, members } of eventTypes) {
      until += weight;
      const all: [string, Member][] = [...Object.entries(members), ['type', () => goJson(type)]];
      const ordered = all
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, member]): [string, Member] => [`"${name}":`, member]);
      this.#templates.push({ until, members: ordered });
    }
  }

  event(position: number): RenderedEvent {
    const moment = this.#timeline.at(position);
    return moment.raw === undefined ? this.#generated(moment) : this.#given(moment.raw);
  }

  #generated(moment: Moment): RenderedEvent {
    const scene = this.#scene.begin(this.#seed, moment.words);
    const id = scene.random.base64(16);
    const timestamp = rfc3339(this.#timeline.startMs, moment.sinceNs);
    const drawn = scene.random.below(this.#templates.at(-1)!.until);
    const { members } = this.#templates.find(({ until }) => drawn < until)!;
    const details = `{${members.map(([label, member]) => label + member(scene)).join(',')}}`;
    return {
      id,
      timestamp,
      details,
      text: `{"details":${details},"id":"${id}","timestamp":"${timestamp}"}`,
      keys: scene.keys,
    };
  }

  /** If the text is not an event, the members that it lacks are empty. */
  #given(text: string): RenderedEvent {
    const event: RenderedEvent = { id: '', timestamp: '', details: '', text, keys: [] };
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return event;
    }
    if (!isJsonObject(value)) return event;
    const { id, timestamp, details } = value;
    const slice = objectMembers(text, skipSpace(text, 0)).get('details');
    return {
      id: typeof id === 'string' ? id : '',
      timestamp: typeof timestamp === 'string' ? timestamp : '',
      details: slice ? text.slice(slice.start, slice.end) : '',
      text,
      keys: [...this.#keysIn(details)],
    };
  }

  *#keysIn(value: unknown): Generator<string> {
    const left = [value];
    while (left.length > 0) {
      const next = left.pop();
      if (typeof next === 'string' && this.#team.rank.has(next)) yield next;
      else if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) left.push(inner);
    }
  }
}
