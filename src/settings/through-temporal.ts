/**
 * Which settings and commands a worker accepts through Temporal, where anyone who may start a workflow could give them:
 * `safe`: settings that neither leave events out nor send them elsewhere, and all commands; `all`: every setting except
 * those that decide where secrets are read from or sent to; `off`: no setting, and no clearing of events.
 */
export const temporalSettings = ['safe', 'all', 'off'] as const;
export type TemporalSettings = (typeof temporalSettings)[number];

/** The way by which settings are set: with access to the store, or through Temporal. */
export type Route = 'store' | TemporalSettings;
