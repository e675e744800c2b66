/** Environment variables of a process, including those from its `.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The Environment Variables table: collector to name to value. */
export type SettingsTable = Readonly<Record<string, Readonly<Record<string, string>>>>;
