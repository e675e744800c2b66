/** Settings that a Temporal server needs for Trawl. deploy/temporal/dynamic-config.yaml gives them to one in a container. */
export const dynamicConfig: Readonly<Record<string, unknown>> = {
  // It looks at its queues 20 times a second otherwise, which costs each activity 50 ms and more.
  'history.transferProcessorMaxPollRPS': 1000,
  // Only this matcher heeds priorities.
  'matching.useNewMatcher': true,
  // Nothing uses the HTTP API, and it takes requests that any page in a browser can send: no host name is let in.
  'frontend.httpAllowedHosts': ['trawl.invalid'],
};

/** The same as arguments of `temporal server start-dev`. */
export function dynamicConfigArgs(): string[] {
  return Object.entries(dynamicConfig).flatMap(([name, value]) => [
    '--dynamic-config-value',
    `${name}=${JSON.stringify(value)}`,
  ]);
}
