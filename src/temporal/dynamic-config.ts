/** Settings that a Temporal server needs for Trawl. deploy/temporal/dynamic-config.yaml gives them to one in a container. */
export const dynamicConfig: Readonly<Record<string, unknown>> = {
  // It looks at its queues 20 times a second otherwise, which costs each activity 50 ms and more.
  'history.transferProcessorMaxPollRPS': 1000,
  // Only this matcher heeds priorities.
  'matching.useNewMatcher': true,
  // Nothing uses the HTTP API, which cannot be switched off, asks for no credentials, and takes requests that any page in
  // a browser can send. It refuses a request whose Host is not one of these, and no Host can be this one.
  'frontend.httpAllowedHosts': ['no host'],
  // The HTTP API serves it without a look at the Host, and nothing here uses it.
  'system.enableNexus': false,
};

/** The same as arguments of `temporal server start-dev`. */
export function dynamicConfigArgs(): string[] {
  return Object.entries(dynamicConfig).flatMap(([name, value]) => [
    '--dynamic-config-value',
    `${name}=${JSON.stringify(value)}`,
  ]);
}
