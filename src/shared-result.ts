/** A computation that takes longer is not waited for by those that come later: it may never end. */
const joinedMsMax = 30_000;

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
  let latest: { result: Promise<T>; untilMs: number } | undefined;
  return () => {
    if (latest && now() < latest.untilMs) return latest.result;
    const begun = { result: compute(), untilMs: now() + joinedMsMax };
    latest = begun;
    begun.result.then(
      () => {
        begun.untilMs = now() + freshMs;
      },
      () => {
        begun.untilMs = 0;
      },
    );
    return begun.result;
  };
}
