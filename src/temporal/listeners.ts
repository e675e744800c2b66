import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { outputOf } from '../processes.js';

const listening = '0A';

/**
 * Returns whether a process of the group listens on the port of 127.0.0.1: another process may answer there. Reads
 * /proc on Linux and asks `lsof` on other systems.
 */
export function groupListensAt(group: number, port: number): boolean {
  return process.platform === 'linux' ? byProc(group, port) : byLsof(group, port);
}

function byProc(group: number, port: number): boolean {
  const sockets = socketsListeningAt(port);
  if (sockets.size === 0) return false;
  return processesOf(group).some((pid) => openFiles(pid).some((file) => sockets.has(file)));
}

/** Names the sockets as the links in /proc/PID/fd do. */
function socketsListeningAt(port: number): Set<string> {
  const place = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  return new Set(
    rows.filter(([, local, , state]) => local === place && state === listening).map((row) => `socket:[${row[9]}]`),
  );
}

function processesOf(group: number): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && groupOf(name) === group);
}

function groupOf(pid: string): number | undefined {
  try {
    // Drops the process name first: it may contain spaces and parentheses.
    const [, , group] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return Number(group);
  } catch {
    return undefined;
  }
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

/** Returns an empty list if the file has been closed meanwhile. */
function linkOf(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    return [];
  }
}

function byLsof(group: number, port: number): boolean {
  try {
    const args = ['-nP', '-a', '-g', String(group), `-iTCP@127.0.0.1:${port}`, '-sTCP:LISTEN', '-t'];
    return outputOf('lsof', args).trim() !== '';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    return false;
  }
}
