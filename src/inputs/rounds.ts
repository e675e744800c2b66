/** A round that is reading empty pages goes on for this long, so that they are written as one. */
export const emptyDurationMaxMs = 60_000;
