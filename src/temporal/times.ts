import type { google } from '@temporalio/proto';

/** Converts a time of Temporal's API to epoch ms; 0 if there is none. */
export function epochMsOf(time: google.protobuf.ITimestamp | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + Math.round((time?.nanos ?? 0) / 1e6);
}
