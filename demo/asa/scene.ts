import { Random } from '../random.js';
import { goJson } from './go-json.js';
import type { ServerThing, Thing } from './objects.js';
import type { Team } from './team.js';

/**
 * The actor, action and objects of one event. Each choice holds for the whole event, so that its members fit each
 * other: the client belongs to the actor, and host name and project to the server.
 */
export class Scene {
  readonly random = new Random();
  readonly team: Team;
  /** Keys of the objects that the event refers to. */
  keys: string[] = [];
  #actorIndex = 0;
  #server: ServerThing | undefined;

  constructor(team: Team) {
    this.team = team;
  }

  begin(seed: number, words: readonly [number, number]): this {
    this.random.reseed(seed, ...words);
    this.keys = [];
    this.#server = undefined;
    this.#actorIndex = this.#skewedIndex(this.team.users);
    return this;
  }

  actor(): string {
    return this.ref(this.team.users[this.#actorIndex]!);
  }

  actorName(): string {
    return this.team.users[this.#actorIndex]!.name;
  }

  client(): string {
    return this.ref(this.team.clients[this.#actorIndex]!);
  }

  server(): string {
    return this.ref(this.#theServer());
  }

  hostname(): string {
    return goJson(this.#theServer().name);
  }

  /** The server's project. */
  project(): string {
    return this.ref(this.team.projects[this.#theServer().projectIndex]!);
  }

  /** One of these things, as JSON text. */
  one(things: readonly Thing[]): string {
    return this.ref(things[this.#skewedIndex(things)]!);
  }

  several(things: readonly Thing[], atMost: number): string {
    const chosen = new Set(Array.from({ length: 1 + this.random.below(atMost) }, () => this.#skewedIndex(things)));
    return `[${[...chosen].map((index) => this.ref(things[index]!)).join(',')}]`;
  }

  ref(thing: Thing): string {
    this.keys.push(thing.key);
    return `"${thing.key}"`;
  }

  #theServer(): ServerThing {
    this.#server ??= this.team.servers[this.#skewedIndex(this.team.servers)]!;
    return this.#server;
  }

  /** Occasionally the last one: a thing whose object is gone. */
  #skewedIndex(things: readonly Thing[]): number {
    if (this.random.chance(0.004)) return things.length - 1;
    return Math.floor(this.random.fraction() ** 1.6 * things.length);
  }
}
