import type { TemporalSettings } from '../src/settings/through-temporal.js';
import { SigningGate } from './anchors.js';
import { Collectors } from './collectors.js';
import type { Dependencies } from './dependencies.js';
import { PageCache } from './page-cache.js';
import { Sinks } from './sinks.js';

/** State shared by the activities of one worker. */
export interface Context extends Dependencies {
  collectors: Collectors;
  sinks: Sinks;
  signing: SigningGate;
  /** Pages between fetch, enrich and write. */
  cache: PageCache;
  temporalSettings: TemporalSettings;
}

export function contextOf(dependencies: Dependencies): Context {
  const collectors = new Collectors(dependencies);
  const sinks = new Sinks(dependencies);
  return {
    ...{ ...dependencies, collectors, sinks },
    signing: new SigningGate(dependencies.store, collectors, sinks),
    cache: new PageCache(),
    temporalSettings: dependencies.temporalSettings ?? 'safe',
  };
}
