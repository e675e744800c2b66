/** Settings that Trawl needs on a Temporal server. deploy/temporal/dynamic-config.yaml has them for containers. */
export const dynamicConfig: Readonly<Record<string, unknown>> = {
  // By default the server polls its queues 20 times a second, which costs each activity 50 ms or more.
  'history.transferProcessorMaxPollRPS': 1000,
  // Only this matcher supports priorities.
  'matching.useNewMatcher': true,
  // The HTTP API is unused but cannot be switched off. It requires no credentials and accepts requests that any page in
  // a browser can send. It refuses a request whose Host is not listed here, and no Host can match this entry.
  'frontend.httpAllowedHosts': ['no host'],
  // Unused, and the HTTP API serves it without checking the Host.
  'system.enableNexus': false,
};

/** The same as arguments of `temporal server start-dev`. */
export function dynamicConfigArgs(): string[] {
  return Object.entries(dynamicConfig).flatMap(([name, value]) => [
    '--dynamic-config-value',
    `${name}=${JSON.stringify(value)}`,
  ]);
}
