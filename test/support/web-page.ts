import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';

export interface ListeningAt {
  host: string;
  port: number;
}

/** TCP addresses on which a process and its descendants listen. */
export function listeningPlaces(pid: number): ListeningAt[] {
  const sockets = new Set(descendants(pid).flatMap(openFiles));
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .slice(1)
      .map((row) => row.trim().split(/\s+/))
      .filter((row) => row[3] === '0A' && sockets.has(`socket:[${row[9]}]`))
      .map((row) => placeOf(row[1]!)),
  );
}

function placeOf(local: string): ListeningAt {
  const [address, port] = local.split(':') as [string, string];
  const last = Buffer.from(address.slice(-8), 'hex').reverse();
  return {
    host: last.every((byte) => byte === 0) ? '127.0.0.1' : [...last].join('.'),
    port: Number.parseInt(port, 16),
  };
}

function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const found = [pid];
  for (const each of found) found.push(...[...parents].filter(([, parent]) => parent === each).map(([child]) => child));
  return found;
}

function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** Sends a request; returns the status of the answer, or undefined if no HTTP answer came. */
export function post(
  place: ListeningAt,
  path: string,
  headers: Record<string, string>,
  body: string,
  method = 'POST',
): Promise<{ status: number; body: string } | undefined> {
  return new Promise((resolve) => {
    const sent = request({ ...place, path, method, headers, agent: false, timeout: 10_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('close', () => resolve({ status: answer.statusCode!, body: text }));
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(undefined));
    sent.end(body);
  });
}
