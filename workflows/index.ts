/** Entry of the worker's bundle. Exports the workflow types, and as default what carries out any other type. */
export { auditWalk } from './audit-walk.js';
export { clearEvents, resetCheckpoint, setEnvironmentVariables } from './maintenance.js';
export { offloadEvents } from './offload-events.js';
export { offloadToSink } from './offload-to-sink.js';
export { recurringAuditCollection } from './recurring-audit-collection.js';
export { unknownType as default } from './unknown-type.js';
