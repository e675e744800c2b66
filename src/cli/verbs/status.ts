import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '../context.js';
import { interrupted } from '../interrupt.js';
import { print, printable, printJson, tell, wrapped } from '../output.js';
import { type StatusReport, statusReport } from '../status/report.js';
import { codeOf, notesOf, screenOf, tablesOf } from '../status/screen.js';
import type { Terminal } from '../status/terminal.js';

interface StatusOptions {
  json?: boolean;
  /** ms; true for the default. */
  watch?: number | true;
}

const watchEveryMs = 3_000;

/**
 * `trawl status [NAME…]`: shows each collector, or each of these, from the store, with its recurring collection from Temporal. If one of the two
 * does not answer, it says so and shows what the other knows.
 * @returns 3 if something needs a person, 1 if the store cannot be read; 0 for `--watch`, which Ctrl-C ends.
 */
export async function status(context: Context, names: readonly string[], options: StatusOptions): Promise<number> {
  if (options.watch !== undefined) {
    await watch(names, options.watch === true ? watchEveryMs : options.watch, options.json === true);
    return 0;
  }
  const report = await statusReport(context, names);
  if (options.json) await printJson(report);
  else {
    await print(tablesOf(report, process.stdout.columns || undefined));
    const { columns } = process.stderr;
    for (const note of notesOf(report)) tell(columns ? wrapped(printable(note), columns) : printable(note));
  }
  return codeOf(report);
}

async function watch(names: readonly string[], everyMs: number, json: boolean): Promise<void> {
  const ended = interrupted();
  let over = false;
  void ended.then(() => {
    over = true;
  });
  if (!json && process.stdout.isTTY) await print('\u001b[2J');
  for (let first = true; !over; first = false) {
    const report = await Promise.race([looked(names), ended]);
    if (typeof report === 'number') break;
    await print(
      json
        ? `${JSON.stringify(report)}\n`
        : `${first || process.stdout.isTTY ? '' : '\n'}${screenOf(report, everyMs, terminal())}`,
    );
    await Promise.race([sleep(everyMs), ended]);
  }
}

/** Starts from scratch each time: settings, store and Temporal may have changed since. */
async function looked(names: readonly string[]): Promise<StatusReport> {
  const context = new Context();
  try {
    return await statusReport(context, names);
  } finally {
    await context.close();
  }
}

function terminal(): Terminal | undefined {
  const { isTTY, columns, rows } = process.stdout;
  return isTTY ? { columns: columns || 80, rows: rows || 24 } : undefined;
}
