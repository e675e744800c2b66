export const eventFormats = ['text', 'ndjson', 'csv', 'json'] as const;
export type EventFormat = (typeof eventFormats)[number];
