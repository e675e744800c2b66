import type { Books } from './books.js';
import type { Temporal } from './temporal.js';

type Name = 'resetCheckpoint' | 'clearEvents';

interface WaitingSignal {
  name: string;
  args: unknown[];
}

/** The start of a child counts as so many tasks: few runs start one, and a run is near its end then. */
const childTasks = 12;

/** Sends commands as signals, and promises in the books that each takes effect. */
export class Commands {
  readonly #collectionId: string;
  readonly #temporal: Temporal;
  readonly #books: Books;
  /** Between two runs of a cron, signals wait for the next one. */
  #waiting: WaitingSignal[] = [];
  /** After how many tasks of runs commands come. */
  #tasksLeft: number[] = [];

  constructor(collectionId: string, temporal: Temporal, books: Books) {
    this.#collectionId = collectionId;
    this.#temporal = temporal;
    this.#books = books;
    temporal.onTask = (id, startsChild) => this.#onTask(id, startsChild ? childTasks : 1);
  }

  /** Any run that walks takes a command. */
  send(name: Name, ...args: unknown[]): void {
    const open = this.#temporal.openIds.filter(takesCommands);
    this.#sendTo(this.#temporal.kernel.random.pick([this.#collectionId, ...open]), name, args);
  }

  /** A command reaches a run together with whatever else its task brings, `tasks` such tasks from now. */
  sendAfter(tasks: number): void {
    this.#tasksLeft.push(tasks);
  }

  /** None of those comes any more. */
  forget(): void {
    this.#tasksLeft = [];
  }

  /** Gives those that wait to a run that begins. */
  take(): WaitingSignal[] {
    return this.#waiting.splice(0);
  }

  #onTask(id: string, tasks: number): void {
    if (!takesCommands(id)) return;
    const left = this.#tasksLeft.map((after) => after - tasks);
    this.#tasksLeft = left.filter((after) => after > 0);
    for (let due = left.length - this.#tasksLeft.length; due > 0; due -= 1)
      this.#sendTo(id, this.#temporal.kernel.random.pick(['resetCheckpoint', 'clearEvents']), []);
  }

  #sendTo(id: string, name: Name, args: unknown[]): void {
    this.#books.promised[name].accepted += 1;
    this.#temporal.kernel.note(`*** ${name} to ${id}`);
    if (!this.#temporal.signal(id, { name, args })) this.#waiting.push({ name, args });
  }
}

function takesCommands(id: string): boolean {
  return /walk|ollection/.test(id);
}
