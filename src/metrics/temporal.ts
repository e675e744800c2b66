const answerMaxMs = 2_000;

/** What Temporal's SDK counts, from where it serves it in this process; empty where it does not answer. */
export async function temporalMetrics(address: string | null): Promise<string> {
  if (address === null) return '';
  try {
    const answer = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(answerMaxMs) });
    return answer.ok ? await answer.text() : '';
  } catch {
    return '';
  }
}
