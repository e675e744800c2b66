import { processSettingDefinitions } from '../../src/cli/process-settings.js';
import { type MetricDefinition, metricDefinitions } from '../../src/metrics/definitions.js';
import { typeTables } from '../../src/schemas/event-types/registry.js';
import type { TypeMapping, TypeTable } from '../../src/schemas/event-types/table.js';
import { classOf } from '../../src/schemas/ocsf/classes.js';
import { type SettingDefinition, withoutDefault } from '../../src/settings/definition.js';
import { offloadSettings } from '../../src/settings/offload.js';
import { sources } from '../../src/sources/registry.js';
import { attemptsMax } from '../../workflows/options.js';

/** The tables in the docs that the code generates, by page and by the name in front of each: `<!-- NAME -->`. */
export const docTables: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'docs/settings.md': {
    ...Object.fromEntries(sources.map(({ kind, settings }) => [kind, () => settingsTable(settings)])),
    offload: () => settingsTable(offloadSettings),
    process: () =>
      table(
        ['variable', 'meaning', 'expected', 'default'],
        processSettingDefinitions.map(({ env, meaning, expected, default: otherwise }) => [
          code(env),
          meaning,
          expected,
          literal(otherwise),
        ]),
      ),
  },
  'docs/errors.md': {
    attempts: () =>
      table(
        ['a step of', 'attempts', 'waits in total'],
        [
          attemptsRow('collecting', attemptsMax.walk),
          attemptsRow('offloading', attemptsMax.offload),
          attemptsRow('a command that was started as a workflow', attemptsMax.command),
        ],
      ),
  },
  'docs/schemas.md': Object.fromEntries(
    Object.entries(typeTables).map(([source, types]) => [`types of ${source}`, () => typesTable(types)]),
  ),
  'docs/metrics.md': {
    metrics: () =>
      table(
        ['metric', 'labels', 'of', 'meaning'],
        (metricDefinitions as readonly MetricDefinition[]).map(({ name, type, labels, of, help }) => [
          `${code(name)} (${type})`,
          labels.map(code).join(', ') || 'none',
          of,
          help,
        ]),
      ),
  },
};

/** Returns a page with its tables regenerated from the code. @throws Error if the place of one is missing. */
export function withTables(page: string, text: string): string {
  let result = text;
  for (const [name, made] of Object.entries(docTables[page] ?? {})) {
    const place = new RegExp(`(<!-- ${name} -->\\n\\n)[\\s\\S]*?(\\n\\n<!-- end -->)`);
    if (!place.test(result)) throw new Error(`${page} has no place for the table ${name}.`);
    result = result.replace(place, (_, before: string, after: string) => `${before}${made()}${after}`);
  }
  return result;
}

function settingsTable(settings: readonly SettingDefinition[]): string {
  return table(
    ['variable', 'in the table', 'meaning', 'expected', 'default'],
    settings.map((setting) => [
      code(setting.env),
      (setting.secret ? [`${setting.key}File`, `${setting.key}Env`] : [setting.key]).map(code).join(', '),
      setting.meaning,
      setting.expected,
      setting.default === undefined ? withoutDefault(setting) : code(setting.default),
    ]),
  );
}

/** By the retry policy in workflows/options.ts. */
function attemptsRow(what: string, attempts: number): string[] {
  const waits = Array.from({ length: attempts - 1 }, (_, nth) => Math.min(2 ** nth, 60));
  const seconds = waits.reduce((sum, wait) => sum + wait, 0);
  return [what, String(attempts), seconds < 60 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`];
}

function typesTable({ rows, families }: TypeTable): string {
  const named: [string, TypeMapping][] = [
    ...rows.map((row): [string, TypeMapping] => [row.of.map(code).join(', '), row]),
    ...families.map((family): [string, TypeMapping] => [family.named, family]),
  ];
  return table(
    ['event type', 'OCSF class', 'activity', '`event.category`', '`event.type`', 'outcome', 'why'],
    named.map(([types, { ocsf, ecs, outcome, why = '' }]) => {
      const { uid, name, activities } = classOf(ocsf.class);
      const activity = ocsf.activity === 99 ? (ocsf.activityName ?? 'the type') : activities[ocsf.activity];
      const words = [`${activity} (${ocsf.activity})`, ecs.category.join(', '), ecs.type.join(', '), outcome, why];
      return [types, `${name} ${uid}`, ...words];
    }),
  );
}

const code = (text: string) => `\`${text}\``;
/** Formats a value as code, and words as text. */
const literal = (text: string) => (/^\S+$/.test(text) && text !== 'none' ? code(text) : text);

/** Aligns the columns, since such Markdown is easiest to read. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [first, ...others] = cells;
  return [line(first!), line(widths.map((width) => '-'.repeat(width))), ...others.map(line)].join('\n');
}
