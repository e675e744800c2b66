/** RFC 3339 as Go's `time.RFC3339Nano` writes it, without trailing zeros in the fraction. */
export function rfc3339(startMs: number, sinceNs: number): string {
  const wholeMs = Math.floor(sinceNs / 1e6);
  const ms = startMs + wholeMs;
  const secondMs = Math.floor(ms / 1000) * 1000;
  const nanoseconds = (ms - secondMs) * 1e6 + (sinceNs - wholeMs * 1e6);
  const seconds = new Date(secondMs).toISOString().slice(0, 19);
  if (nanoseconds === 0) return `${seconds}Z`;
  return `${seconds}.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}Z`;
}
