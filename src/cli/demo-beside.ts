import { mayExist } from '../stores/place.js';
import type { ProcessSettings } from './process-settings.js';

type Beside = Pick<ProcessSettings, 'demo' | 'demoRuns' | 'store' | 'realStore'>;

/** Says which data a command is about, while a demo runs beside settings of one's own; null if there is no doubt. */
export function besideTheDemo({ demo, demoRuns, store, realStore }: Beside): string | null {
  if (!demoRuns) return null;
  const end = 'End the demo with Ctrl-C where "trawl up" runs';
  if (!demo) return `This is about your own data (${store.name}). A demo still runs beside it: ${lower(end)}.`;
  if (!mayExist(realStore)) return null;
  return `This is about the demo, which still runs. ${end}: from then on, commands are about your own data (${realStore.name}).`;
}

/** Says that the demo that ran here before is left for data of one's own. */
export function leavesTheDemo(own: string, demoDir: string): string {
  return `From now on, commands are about your own data (${own}). The demo is over; its events stay in ${demoDir}, which you may delete.`;
}

function lower(sentence: string): string {
  return `${sentence[0]!.toLowerCase()}${sentence.slice(1)}`;
}
