import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/setup.mjs';
import { blocksOf } from './doc-blocks.js';

/**
 * The treatment of each command in the docs. `runs`: it runs here, in the order of the docs, beside a `trawl up`.
 * `settings`: it runs here in a place of its own. Otherwise: the test that runs it, or the reason why none can. Each
 * new command needs a row.
 */
export const commands: readonly (readonly [command: RegExp, fate: string])[] = [
  [/^npm (start|test)\b/, 'test/cli/up.test.ts'],
  [/^(bin\/)?trawl init\b/, 'test/cli/first-hour.test.ts'],
  [/^(bin\/)?trawl (status|events|log)\b/, 'runs'],
  [/^trawl env set .*acme.*tokenFile=\/run\/secrets\/acme$/, 'test/cli/adding.test.ts'],
  [/^(bin\/)?trawl env set\b/, 'settings'],
  [/^trawl check asa$/, 'test/cli/adding.test.ts'],
  [/^\(umask 077 && trawl codec key\b/, 'settings'],
  [/^TRAWL_CODEC_TOKEN_FILE=\S+ trawl codec serve\b/, 'test/unit/codec.test.ts'],
  [/^trawl offload asa$/, 'test/integration/offload.test.ts'],
  [/^trawl offload asa --compact\b/, 'test/properties/compaction.test.ts'],
  [/^temporal workflow\b/, 'test/cli/up.test.ts'],
  [/^tctl\b/, 'nobody publishes it any more for the tests to bring along; docs/temporal.md says that none runs it'],
  [/^temporal schedule create\b/, 'runs'],
  [/^trawl store backup\b/, 'runs'],
  [/^trawl store restore\b/, 'test/cli/backup.test.ts'],
  [/^trawl store copy\b/, 'test/integration/store-copy.test.ts'],
  [/^trawl (start|stop)\b/, 'test/cli/no-worker.test.ts'],
  [/^trawl worker\b.*jq\b/, 'test/cli/log.test.ts'],
  [/^OTEL_\S+ trawl worker$/, 'test/cli/traces.test.ts'],
  [/^curl .*\/metrics$/, 'runs'],
  [/^curl .*_index_template/, 'test/sinks/opensearch.test.ts'],
  [/^trawl plan\b/, 'test/unit/plan.test.ts'],
  [/^(npm (init|install)|npx trawl|mkdir trawl|tar |cp trawl\/|trawl\/bin\/trawl)/, 'test/package/package.test.ts'],
  [/^trawl query --archive\b/, 'test/conformance/sqlite-archive.test.ts'],
  [/^trawl (verify|proof key)\b/, 'test/unit/verify.test.ts'],
  [/^trawl proof continue\b/, 'test/cli/anchors.test.ts'],
  [/^trawl erase\b/, 'test/unit/erase.test.ts'],
  [/^npm run (licences|sbom)$/, 'test/unit/licences.test.ts'],
  [/^npm audit\b/, 'asks a registry for what is known by then'],
  [/^(BENCH_\S+ )*npm run bench\b/, 'takes minutes to hours; its parts are tested by test/unit/bench.test.ts'],
  [/^pg_(dump|restore)\b/, 'they must be of the version of the server, which the tests bring without them'],
  [
    /^docker\b/,
    'needs a container engine; test/unit/deploy.test.ts reads what it is given, and npm run try-compose does the same by hand',
  ],
  [/^npm run try-compose$/, 'takes minutes of building; its parts are tested by test/unit/try-compose.test.ts'],
  [/^kubectl\b/, 'needs a cluster; test/unit/kubernetes.test.ts reads what it is given'],
  [/^helm lint\b/, 'test/unit/helm-chart.test.ts'],
  [/^helm upgrade\b/, 'needs a cluster; test/unit/helm-chart.test.ts renders the chart'],
  [/^(systemctl|journalctl)\b/, 'needs systemd as the first process; test/unit/deploy.test.ts has it verify the unit'],
];

export interface Line {
  doc: string;
  command: string;
}

/** The pages of the manual. */
export const docs = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
];

const programs =
  /^(\(umask 077 && )?([A-Z][A-Z0-9_]*=\S* )*((bin\/)?trawl|npm|npx|temporal|tctl|jq|curl|docker|kubectl|node|mkdir|tar|cp|pg_\w+|helm|systemctl|journalctl|trawl\/bin\/trawl)\b/;

export const isCommand = (line: string) => programs.test(line) && !/^trawl:/.test(line);

/** The lines of a block without a language, with continuations joined and comments removed. */
export function linesOf(block: string): string[] {
  return block
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .map((line) =>
      line
        .replace(/^#.*$/, '')
        .replace(/\s{2,}#.*$/, '')
        .replace(/ # .*$/, '')
        .replace(/\s{3,}.*$/, '')
        .trim(),
    )
    .filter((line) => line !== '');
}

/** The commands of a page: lines of code blocks without a language. */
export function commandsOf(doc: string): Line[] {
  return blocksOf(doc)
    .filter(({ language }) => language === '')
    .flatMap(({ content }) =>
      linesOf(content)
        .filter(isCommand)
        .map((command) => ({ doc, command })),
    );
}

/** The treatment of a command; undefined if it has no row. */
export const fateOf = ({ command }: Line) => commands.find(([pattern]) => pattern.test(command))?.[1];
