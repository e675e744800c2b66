import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';

export interface TeamsWanted {
  count: number;
  /** Events of each team. */
  events: number;
  /** Number of teams, from the first, that get one more event every minute. Default 0. */
  busy?: number;
  /** True if an empty page follows a full last page. Default: false. */
  nextWhenFull?: boolean;
}

export interface Team {
  baseUrl: string;
  team: string;
  keyId: string;
  keySecret: string;
}

/** Environment variables of a collector of the team. */
export function settingsOfTeam({ team, keyId, keySecret, baseUrl }: Team): Record<string, string> {
  return { ASA_TEAM: team, ASA_KEY_ID: keyId, ASA_KEY_SECRET: keySecret, ASA_BASE_URL: baseUrl };
}

export interface Requests {
  audits: number;
  tokens: number;
}

export interface Teams {
  teams: Team[];
  /** The number of requests that the teams have received so far. */
  requests(): Promise<Requests>;
  demo: ChildProcess;
}

export interface FastTeamWanted {
  events: number;
  latencyMs: number;
}

/**
 * Runs an ASA team whose answers cost next to nothing (`fast-team.ts`).
 *
 * @param body receives the settings of its collector.
 */
export async function withFastTeam<T>(
  wanted: FastTeamWanted,
  body: (env: Record<string, string>) => Promise<T>,
): Promise<T> {
  const child = fork(join(root, 'bench', 'fast-team.ts'), [JSON.stringify(wanted)], { execArgv: ['--import', 'tsx'] });
  try {
    const [team] = (await once(child, 'message')) as [Team];
    return await body(settingsOfTeam(team));
  } finally {
    child.disconnect();
  }
}

/** Starts demo teams in a separate process, which ends when it is disconnected. */
export async function startTeams(wanted: TeamsWanted): Promise<Teams> {
  const teams = join(root, 'bench', 'teams.ts');
  const demo = fork(teams, [JSON.stringify(wanted)], { execArgv: ['--import', 'tsx'] });
  const [made] = (await once(demo, 'message')) as [Team[]];
  return {
    teams: made,
    demo,
    async requests() {
      demo.send('requests');
      const [counted] = (await once(demo, 'message')) as [Requests];
      return counted;
    },
  };
}
