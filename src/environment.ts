/** Environment variables of a process, including those from its `.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The Environment Variables table: collector to name to value. */
export type SettingsTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A change of settings, as the execution log tells it. */
export interface SettingsChange {
  /** Who makes it, and how. */
  origin: string;
  /** Unique to this change. */
  key: string;
  /** A setting's value as it may be shown. */
  shown(name: string, value: string): string;
}
