import { delimiter, dirname } from 'node:path';
import type { RunningDemo } from '../../demo/demo.js';
import { painter } from './colour.js';
import { ownCommand } from './own-command.js';
import type { ProcessSettings } from './process-settings.js';
import type { Embedded } from './temporal-session.js';

interface BannerFacts extends Pick<Embedded, 'cli' | 'server'> {
  settings: Pick<ProcessSettings, 'env' | 'store'>;
  /** Where health is served; null if it is not. */
  health: string | null;
  names: readonly string[];
  cron: string;
  demo: RunningDemo | undefined;
}

/** What `trawl up` prints once it runs: where things are, and commands to go on with, which fit 80 columns. */
export function banner({ cli, server, settings, health, names, cron, demo }: BannerFacts): string {
  const { env, store } = settings;
  const first = names[0]!;
  const trawl = ownCommand(env);
  const temporal = (env.PATH ?? '').split(delimiter).includes(dirname(cli)) ? 'temporal' : cli;
  const at = server.address === '127.0.0.1:7233' ? [] : ['--address', server.address];
  const paint = painter();
  const signal = ['--workflow-id', `audit-collection-${first}`, '--name', 'resetCheckpoint'];
  const lines = [
    '',
    paint(
      'bold',
      demo
        ? 'Trawl collects from its demo ASA team, since no credentials are set.'
        : `Trawl collects: ${names.join(', ')}.`,
    ),
    '',
    `  Temporal UI    ${server.uiUrl}`,
    `  Temporal       ${server.address}, namespace default`,
    ...(demo ? [`  Demo team      ${demo.baseUrl}`] : []),
    `  Store          ${store.name}`,
    ...(health ? [`  Health         ${health}/healthz`] : []),
    `  Recurring      ${names.map((name) => `audit-collection-${name}`).join(', ')}`,
    `                 cron "${cron}"; a first run has begun`,
    '',
    paint('bold', 'In another shell:'),
    paint('dim', '  # where each collector stands'),
    `  ${trawl} status`,
    paint('dim', '  # the newest events; --follow waits for more'),
    `  ${trawl} events ${first}`,
    paint('dim', '  # the execution log'),
    `  ${trawl} log ${first}`,
    paint('dim', '  # read everything again that the source still holds'),
    `  ${command([temporal, 'workflow', 'signal', ...signal, ...at])}`,
  ];
  if (demo) {
    lines.push(
      '',
      paint('bold', 'To collect from your own team, end this with Ctrl-C, and set it up:'),
      `  ${trawl} init asa`,
      'It needs an API key of a service user that has the role reporting_user. What',
      'Descope and Skyflow need: docs/sources.',
    );
  }
  return `${[...lines, '', 'Ctrl-C stops all of it; the next start carries on.', ''].join('\n')}\n`;
}

/** Breaks a command for a shell before its options, so that no word is torn apart where lines end. */
function command(words: readonly string[], columns = 76): string {
  const parts = words.join(' ').split(/ (?=--)/);
  const lines = [''];
  for (const part of parts) {
    const line = lines.at(-1)!;
    if (line === '') lines[0] = part;
    else if (line.length + 1 + part.length <= columns) lines[lines.length - 1] = `${line} ${part}`;
    else lines.push(`  ${part}`);
  }
  return lines.join(' \\\n  ');
}
