/**
 * Makes calls share a result: those during a computation, and those until it is this old. A failure is shared only with
 * the calls that already wait for it.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function sharedResult<T>(
  compute: () => Promise<T>,
  freshMs: number,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let latest: { result: Promise<T>; doneMs: number } | undefined;
  return () => {
    if (latest && now() - latest.doneMs < freshMs) return latest.result;
    const begun = { result: compute(), doneMs: Number.POSITIVE_INFINITY };
    latest = begun;
    begun.result.then(
      () => {
        begun.doneMs = now();
      },
      () => {
        if (latest === begun) latest = undefined;
      },
    );
    return begun.result;
  };
}
