import { readFile } from 'node:fs/promises';
import { isIP, connect as plainConnect, type Socket } from 'node:net';
import { type ConnectionOptions, createSecureContext, connect as tlsConnect } from 'node:tls';
import { TrawlError } from '../../errors.js';
import { connectionError, notClosed, tooSlow } from './errors.js';
import type { SyslogSettings } from './settings.js';

export interface SyslogBounds {
  /** Time until the connection is established, including TLS. */
  connectMaxMs: number;
  /** Time without progress by the receiver. */
  silenceMaxMs: number;
  /** Time after the last message until the receiver has closed as well. */
  closeMaxMs: number;
}

/**
 * Sends frames over a connection of their own. Resolves once the receiver has read to the end and closed the connection
 * without an error: syslog has no other confirmation.
 *
 * @throws TrawlError SINK_UNAVAILABLE, SINK_SLOW or SINK_REFUSED; the signal's own reason if it was aborted
 */
export async function sendFrames(
  frames: readonly Buffer[],
  settings: SyslogSettings,
  options: { place: string; bounds: SyslogBounds; signal?: AbortSignal | undefined },
): Promise<void> {
  const { signal, place } = options;
  signal?.throwIfAborted();
  const tlsOptions = settings.tls ? await tlsOptionsOf(settings, signal) : undefined;
  signal?.throwIfAborted();
  const port = { host: settings.address, port: settings.port };
  const socket = tlsOptions ? tlsConnect({ ...port, ...tlsOptions }) : plainConnect(port);
  try {
    await conversation(socket, frames, settings.tls, options);
  } catch (error) {
    signal?.throwIfAborted();
    throw connectionError(place, error);
  } finally {
    socket.destroy();
  }
}

/** Settles the promise exactly once, however the connection ends. */
function conversation(
  socket: Socket,
  frames: readonly Buffer[],
  tls: boolean,
  options: { place: string; bounds: SyslogBounds; signal?: AbortSignal | undefined },
): Promise<void> {
  const { place, bounds, signal } = options;
  return new Promise((resolve, reject) => {
    let ended = false;
    let peerEnded = false;
    let timer: NodeJS.Timeout;
    const within = (ms: number, late: () => TrawlError) => {
      clearTimeout(timer);
      timer = setTimeout(() => reject(late()), ms);
    };
    const takesNothing = () => within(bounds.silenceMaxMs, () => tooSlow(place, 'took nothing', bounds.silenceMaxMs));
    const onAbort = () => reject(signal!.reason);
    signal?.addEventListener('abort', onAbort);
    socket.on('error', reject);
    socket.on('end', () => {
      peerEnded = true;
      if (!ended) reject(notClosed(place, 'hung up before everything was sent'));
    });
    socket.on('close', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (ended && peerEnded) resolve();
      else reject(notClosed(place, 'cut the connection'));
    });
    // No answers are expected, but the end of the connection is only seen if incoming data is read.
    socket.resume();
    const { connectMaxMs, closeMaxMs } = bounds;
    within(connectMaxMs, () => notClosed(place, `did not accept the connection within ${connectMaxMs} ms`));
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      takesNothing();
      writeAll(socket, frames, takesNothing).then(() => {
        ended = true;
        within(closeMaxMs, () => tooSlow(place, 'did not close the connection', closeMaxMs));
      }, reject);
    });
  });
}

/** Writes as fast as the receiver reads. Resolves once the last byte and the end of the stream have been sent. */
async function writeAll(socket: Socket, frames: readonly Buffer[], onProgress: () => void): Promise<void> {
  for (const frame of frames) {
    await new Promise<void>((resolve, reject) => {
      socket.write(frame, (error) => (error ? reject(error) : resolve()));
    });
    onProgress();
  }
  socket.end();
}

async function tlsOptionsOf(settings: SyslogSettings, signal: AbortSignal | undefined): Promise<ConnectionOptions> {
  const { caFile, certFile, keyFile, serverName, address } = settings;
  const [ca, cert, key] = await Promise.all([
    fileOf('caFile', caFile, signal),
    fileOf('certFile', certFile, signal),
    fileOf('keyFile', keyFile, signal),
  ]);
  // IP addresses are checked against the certificate too, but must not be sent as the server name (RFC 6066).
  const name = serverName ?? (isIP(address) ? undefined : address);
  try {
    const secureContext = createSecureContext({ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) });
    return { secureContext, ...(name && { servername: name }) };
  } catch (error) {
    const reason = String((error as NodeJS.ErrnoException).code ?? (error as Error).name);
    throw new TrawlError('SINK_REFUSED', `The certificates or the key of the sink cannot be used (${reason}).`, {
      hint: 'Use PEM files in caFile, certFile and keyFile, with an unencrypted key that belongs to the certificate.',
    });
  }
}

async function fileOf(
  setting: string,
  path: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    // The message omits the path: the setting may contain a key by mistake.
    const { code } = error as NodeJS.ErrnoException;
    throw new TrawlError('SINK_REFUSED', `The file in ${setting} of the sink cannot be read (${code}).`, {
      hint: `Correct ${setting}, or the permissions of the file.`,
    });
  }
}
