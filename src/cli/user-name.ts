import { hostname, userInfo } from 'node:os';

/** Who calls, and where: for logs and the journal. */
export function caller(): string {
  return `${userName()} on ${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
