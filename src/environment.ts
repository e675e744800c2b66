/** Variables of a process, and those of its `.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The Environment Variables table: collector to name to value. */
export type SettingsTable = Readonly<Record<string, Readonly<Record<string, string>>>>;
