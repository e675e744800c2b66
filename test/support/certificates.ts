import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Authorities, keys and certificates in PEM files, deleted when the test ends. */
export class Certificates {
  readonly folder = mkdtempSync(join(tmpdir(), 'trawl-tls-'));

  constructor() {
    onTestFinished(() => rmSync(this.folder, { recursive: true }));
  }

  /** Path of `ca.pem`, `server.key` and so on. */
  file(name: string): string {
    return join(this.folder, name);
  }

  authority(name: string): void {
    this.#openssl(`req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${name}`, {
      '-keyout': `${name}.key`,
      '-out': `${name}.pem`,
    });
  }

  /** Signed by the authority `ca`. @param days validity; below 0, the certificate has expired. */
  certificate(name: string, subject: string, days = 2): void {
    const alternative = /^[\d.]+$/.test(subject) ? `IP:${subject}` : `DNS:${subject}`;
    this.#openssl(
      `req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=${subject} -addext subjectAltName=${alternative}`,
      {
        '-keyout': `${name}.key`,
        '-out': `${name}.csr`,
      },
    );
    this.#openssl(`x509 -req -days ${days} -copy_extensions copy`, {
      '-in': `${name}.csr`,
      '-CA': 'ca.pem',
      '-CAkey': 'ca.key',
      '-out': `${name}.pem`,
    });
  }

  #openssl(words: string, files: Record<string, string>): void {
    const paths = Object.entries(files).flatMap(([option, name]) => [option, this.file(name)]);
    execFileSync('openssl', [...words.split(' '), ...paths], { stdio: 'ignore' });
  }
}
