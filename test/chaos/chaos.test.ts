import { expect, inject, it, onTestFinished } from 'vitest';
import { Campaign } from './campaign.js';
import { disturbances } from './disturbances.js';

const named = (part: string) => disturbances.find(({ name }) => name.includes(part))!;

it('in a short campaign nothing is lost or doubled and no command is forgotten, whatever dies', async () => {
  const campaign = await Campaign.start({ cli: inject('temporalCli'), seed: 1, port: 19_233, tell: () => undefined });
  onTestFinished(() => campaign.stop());
  await campaign.round(1, [named('second walker'), named('events are cleared'), named('worker is killed')]);
  await campaign.round(2, [
    named('answers of all sources'),
    named('checkpoint is reset'),
    named('worker and the Temporal'),
  ]);
  await campaign.round(3, [
    named('the disk is full'),
    named('clock jumps'),
    named('signal to end'),
    named('all tokens'),
  ]);
  expect(campaign).toBeDefined();
}, 600_000);
