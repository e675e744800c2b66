import { type DemoAsa, startDemoAsa } from '../demo/asa/server.js';
import type { TeamsWanted } from './demo-teams.js';

/**
 * Many demo teams in one process: `teams.ts JSON`, where JSON has their options. Reports each team's address to its
 * parent, and on any message the number of requests that they have received.
 */
const { count, events, busy = 0, nextWhenFull = false }: TeamsWanted = JSON.parse(process.argv[2]!);
const teams: DemoAsa[] = [];
for (let seed = 1; seed <= count; seed += 1) {
  const arrivalIntervalMs = seed <= busy ? 60_000 : 0;
  teams.push(await startDemoAsa({ team: `team-${seed}`, seed, events, arrivalIntervalMs, nextWhenFull }));
}
process.send!(teams.map(({ baseUrl, team, keyId, keySecret }) => ({ baseUrl, team, keyId, keySecret })));
process.on('message', () => {
  const { audits, tokens } = teams.reduce(
    (sums, { requests }) => ({ audits: sums.audits + requests.audits, tokens: sums.tokens + requests.tokens }),
    { audits: 0, tokens: 0 },
  );
  process.send!({ audits, tokens });
});
process.on('disconnect', () => process.exit());
