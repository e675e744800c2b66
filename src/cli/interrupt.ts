/** Resolves with the exit code when Ctrl-C, SIGTERM or a closed terminal asks this process to end. */
export function interrupted(): Promise<number> {
  return new Promise((resolve) => {
    const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
    for (const [signal, code] of Object.entries(codes)) {
      // Stays in place: a second Ctrl-C must not cut the draining short.
      process.on(signal as NodeJS.Signals, () => resolve(code));
    }
  });
}
