const answerMaxMs = 2_000;

/** Metrics of Temporal's SDK, from its endpoint in this process; empty if that does not answer. */
export async function temporalMetrics(address: string | null): Promise<string> {
  if (address === null) return '';
  try {
    const answer = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(answerMaxMs) });
    return answer.ok ? await answer.text() : '';
  } catch {
    return '';
  }
}
