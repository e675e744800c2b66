/** An example call and what it does. */
type Example = readonly [call: string, meaning: string];

/** Examples that `--help` shows for each verb. A test runs each of them. */
export const examples: Readonly<Record<string, readonly Example[]>> = {
  init: [
    ['trawl init', 'asks for the source and its credentials'],
    ['trawl init asa --name acme-prod', 'a second team beside the first'],
    [
      'trawl init asa --set ASA_TEAM=acme --set ASA_KEY_ID=3f2c… --secret-file ASA_KEY_SECRET=/run/secrets/asa',
      'asks nothing; .env has the path of the secret',
    ],
    [
      'vault read -field=key trawl/descope | trawl init descope --set DESCOPE_PROJECT_ID=P2abc --secret-stdin DESCOPE_MANAGEMENT_KEY',
      'takes the secret from another program',
    ],
  ],
  up: [
    ['trawl up', 'what npm start does'],
    ["trawl up --cron '*/15 * * * *'", 'every quarter of an hour'],
  ],
  worker: [['TEMPORAL_ADDRESS=temporal.internal:7233 trawl worker', 'connects to that server']],
  collect: [
    ['trawl collect asa', 'one run, with its progress'],
    ['trawl collect --all', 'every collector, side by side'],
    ['trawl collect asa --json', 'what it did, for a program'],
  ],
  start: [
    ['trawl start asa', 'every five minutes, by a workflow on cron'],
    [
      "trawl start --all --schedule --cron '*/15 * * * *' --jitter 2m",
      'by Temporal Schedules, spread over two minutes',
    ],
  ],
  stop: [
    ['trawl stop asa descope', 'both; what is collected stays'],
    ['trawl stop --all', 'before an upgrade, for example'],
  ],
  offload: [
    ['trawl offload asa', 'the events that the sinks do not have yet'],
    [
      'trawl offload asa --since 2026-01-01 --until 2026-02-01 --sink archive --name january',
      'January once more, to one sink',
    ],
    ['trawl offload asa --name january --drop', 'gives that up where it has not finished'],
  ],
  status: [
    ['trawl status', 'once; the exit code is 3 if something needs a person'],
    ['trawl status asa', 'of one collector'],
    ['trawl status --watch', 'repeatedly, until Ctrl-C'],
    [
      "trawl status --json | jq -r '.collectors[] | select(.caughtUp | not) | .collector'",
      'the collectors that are behind',
    ],
  ],
  log: [
    ['trawl log asa', 'its last 50 lines'],
    ['trawl log --since yesterday --json', 'the lines of all collectors since then'],
    ['trawl log asa --follow', 'and new lines, until Ctrl-C'],
  ],
  query: [
    ["trawl query 'SELECT type, count(*) AS n FROM audit_events GROUP BY type ORDER BY n DESC'", 'as a table'],
    ["trawl query --csv 'SELECT * FROM execution_log' > log.csv", 'all rows, for a spreadsheet'],
    ['trawl query', 'asks for statements, with those of before at the arrow keys'],
    [
      "trawl query --archive lake --since 2026-01-01 --until 2026-02-01 'SELECT type, count(*) AS n FROM events GROUP BY type'",
      'of January, from the store and the files of a sink, each event once',
    ],
  ],
  events: [
    ['trawl events', 'the newest of all collectors'],
    [
      "trawl events --where 'user:ada -type:auth.*' --since 12h",
      'what one person did, and what was done to that person',
    ],
    ["trawl events --since '2026-05-01 14:00' --until 2026-05-02", "a range by this machine's clock"],
    ['trawl events asa --format ndjson > asa.ndjson', 'all of them, one JSON object per line'],
    ['trawl events --follow --actor ada', 'new events of one actor, as they arrive'],
  ],
  'events show': [
    ['trawl events show asa 4711', 'by its number'],
    ['trawl events show UD5pqjIhjKVQPmmqMiGMpQ== --json', 'by its id, for a program'],
  ],
  check: [
    ['trawl check', 'every collector'],
    ['trawl check asa', 'each part passes or says what to do'],
    ['trawl check asa --json | jq \'.[] | select(.outcome == "failed")\'', 'only the failures'],
  ],
  env: [],
  'env get': [
    ['trawl env get asa', 'its settings in the table'],
    ['trawl env get asa --effective', 'what is in force, and where it comes from'],
  ],
  'env set': [
    ['trawl env set asa searchCount=500', 'smaller pages'],
    [
      'trawl env set acme-prod source=asa asaTeam=acme asaKeyId=3f2c… asaKeySecretFile=/run/secrets/acme',
      'a second team',
    ],
    ['trawl env set sink:archive kind=files path=/var/lib/archive waitMinutes=15', 'a sink'],
  ],
  'env unset': [['trawl env unset asa searchCount', 'returns to the default']],
  codec: [],
  'codec serve': [['trawl codec serve --origin http://localhost:8233', 'for the Temporal UI of npm start']],
  'codec key': [['trawl codec key 2026', 'a key to put into TRAWL_PAYLOAD_KEYS']],
  store: [],
  'store copy': [
    ['trawl store copy sqlite:data/trawl.db postgres://trawl@db.internal/trawl', 'from one machine to many'],
  ],
  'store backup': [
    ['trawl store backup /backup/trawl-2026-11-24.db', 'while everything runs'],
    ['trawl store backup --force /backup/trawl.db', 'replaces the last one'],
  ],
  'store restore': [['trawl store restore /backup/trawl-2026-11-24.db', 'with nothing running; then trawl up']],
  verify: [
    ['trawl verify asa', 'recomputes the proof of all its events'],
    ['trawl verify asa --save-head asa-2026-11.head', 'to be kept where nobody who has the store can write'],
    ['trawl verify asa --head asa-2026-11.head', 'and that nothing before then was made anew'],
    ['trawl verify asa --files sink:archive', 'and what the sink has, also events that the store has cleared'],
    ['trawl verify asa --against-source', 'and that the source holds no event that is not stored'],
    ['trawl verify asa --event 4711 --proof 4711.proof', 'proves one event, also to others'],
  ],
  'proof key': [
    ['trawl proof key /run/secrets/proof-key --as trawl.example.com', 'then TRAWL_PROOF_KEY_FILE names it'],
    ['trawl proof key /run/secrets/proof-key --rotate', 'another key signs from then on'],
  ],
  'proof continue': [['trawl proof continue asa', 'after a restore, if no newer backup is left']],
  rejected: [
    ['trawl rejected asa', 'shows what was kept, and why'],
    ['trawl rejected asa --acknowledge', 'nothing of it is missing'],
  ],
  reset: [
    ['trawl reset asa', 'stored events are not stored twice'],
    ['trawl reset asa --rejected', 'only as far back as events were rejected'],
  ],
  clear: [
    ['trawl clear asa', 'asks first'],
    ['trawl clear asa --yes', 'in a script'],
  ],
  erase: [
    ["trawl erase asa --seq 4711 --reason 'request 17 of the data protection officer'", 'asks first'],
    ["trawl erase asa --seq 4711 --reason 'request 17' --yes --json", 'in a script, with the files that still have it'],
  ],
  remove: [
    ['trawl remove acme-prod', 'asks first; its events stay'],
    ['trawl remove acme-prod --events --yes', 'in a script, with its events'],
  ],
  completion: [
    ['source <(trawl completion bash)', 'in ~/.bashrc'],
    ['source <(trawl completion zsh)', 'in ~/.zshrc, after compinit'],
    ['trawl completion fish > ~/.config/fish/completions/trawl.fish', 'once'],
  ],
  plan: [['trawl plan --collectors 300 --interval 5 --events-per-day 20000', 'what 300 collectors need']],
  demo: [
    ['trawl demo', 'an ASA team to try'],
    ['trawl demo descope --events 100 --interval 0', 'a small one without new events'],
  ],
};

/** Formats the examples for the end of `--help`. */
export function examplesText(verb: string): string {
  const own = examples[verb] ?? [];
  if (own.length === 0) return '';
  return `\nExamples:\n${own.map(([call, meaning]) => `  # ${meaning}\n  ${call}\n`).join('')}`;
}
