import type { TemporalSettings } from '../src/settings/through-temporal.js';
import { Collectors } from './collectors.js';
import type { Dependencies } from './dependencies.js';
import { PageCache } from './page-cache.js';
import { Sinks } from './sinks.js';

/** State shared by the activities of one worker. */
export interface Context extends Dependencies {
  collectors: Collectors;
  sinks: Sinks;
  /** Pages between fetch, enrich and write. */
  cache: PageCache;
  temporalSettings: TemporalSettings;
}

export function contextOf(dependencies: Dependencies): Context {
  return {
    ...dependencies,
    collectors: new Collectors(dependencies),
    sinks: new Sinks(dependencies),
    cache: new PageCache(),
    temporalSettings: dependencies.temporalSettings ?? 'safe',
  };
}
