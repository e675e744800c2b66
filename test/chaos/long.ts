import { randomInt } from 'node:crypto';
import { inject, it } from 'vitest';
import { Campaign } from './campaign.js';

/** Rounds share a scene for this long; then everything begins anew with the next seed. */
const roundsMax = 20;

it(
  'npm run chaos',
  async () => {
    const minutes = Number(process.env.CHAOS_MINUTES ?? 10);
    const given = process.env.CHAOS_SEED === undefined ? undefined : Number(process.env.CHAOS_SEED);
    const rounds = Number(process.env.CHAOS_ROUNDS ?? roundsMax);
    const until = Date.now() + minutes * 60_000;
    const tell = (line: string) => console.error(line);
    let done = 0;
    for (let seed = given ?? randomInt(1, 2 ** 31); ; seed += 1) {
      tell(`seed ${seed}`);
      const campaign = await Campaign.start({ cli: inject('temporalCli'), seed, port: 20_233, tell });
      try {
        for (let number = 1; number <= rounds && (Date.now() < until || given !== undefined); number += 1) {
          await campaign.round(number);
          done += 1;
        }
      } finally {
        await campaign.stop();
      }
      if (given !== undefined || Date.now() >= until) break;
    }
    tell(`${done} rounds without a difference`);
  },
  2 ** 31 - 1,
);
