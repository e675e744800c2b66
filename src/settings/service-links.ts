const port = /^\d{1,5}$/;
const address = /^[0-9a-fA-F.:]+$/;
const url = /^(?:tcp|udp|sctp):\/\/\S+$/i;

/** The variables that Kubernetes sets for a Service, by the end of their names, with the form of their values. */
const forms: readonly [RegExp, RegExp][] = [
  [/_SERVICE_HOST$/, address],
  [/_SERVICE_PORT(?:_[A-Z0-9_]+)?$/, port],
  [/_PORT$/, url],
  [/_PORT_\d+_(?:TCP|UDP|SCTP)$/, url],
  [/_PORT_\d+_(?:TCP|UDP|SCTP)_PROTO$/, /^(?:tcp|udp|sctp)$/i],
  [/_PORT_\d+_(?:TCP|UDP|SCTP)_PORT$/, port],
  [/_PORT_\d+_(?:TCP|UDP|SCTP)_ADDR$/, address],
];

/**
 * True for a variable that Kubernetes gives to the pods beside a Service: one named `trawl` makes TRAWL_PORT and others.
 * The value decides too, so that TRAWL_LISTEN_PORT=9464 still is a typing error.
 */
export function isServiceLink(name: string, value: string): boolean {
  return forms.some(([end, form]) => end.test(name) && form.test(value));
}
