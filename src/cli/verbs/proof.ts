import { renameSync, statSync, writeFileSync } from 'node:fs';
import { reasonOf } from '../../errors.js';
import { newSigningKey, signerOf } from '../../proof/note.js';
import { rotated } from '../../proof/rotation.js';
import { textOfFile, whyUnreadable } from '../../text-file.js';
import { print, tell } from '../output.js';
import { WrongCall } from '../wrong-call.js';

/**
 * `trawl proof key FILE`: only a new file, so that no key is lost; for its owner alone. With `--rotate`, a new key before those
 * of the file.
 */
export async function proofKey(
  file: string,
  { as: owner, rotate = false }: { as?: string; rotate?: boolean },
): Promise<number> {
  if (rotate) return rotateKey(file, owner);
  const key = newSigningKey(owner ?? 'trawl');
  const signer = signerOf(key);
  if (!signer) throw new WrongCall('A name has no spaces and no plus signs.', 'Specify another one with --as.');
  try {
    writeFileSync(file, `${key}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new WrongCall(`${file} cannot be written: ${reasonOf(error)}.`, 'Specify a new file.', error);
  }
  await print(`${signer.vkey}\n`);
  tell(
    `Name ${file} in TRAWL_PROOF_KEY_FILE on each worker, and keep the printed key elsewhere: trawl verify --key checks with it.`,
  );
  return 0;
}

async function rotateKey(file: string, owner: string | undefined): Promise<number> {
  if (owner !== undefined)
    throw new WrongCall('--rotate keeps the name of the key, which the heads have.', 'Leave out --as.');
  const { text, mode } = keysOf(file);
  const next = rotated(text, new Date());
  if (!next) throw new WrongCall(`${file} has no key.`, 'Specify the file that TRAWL_PROOF_KEY_FILE names.');
  try {
    // Under its name only once it is complete: neither key must be lost.
    writeFileSync(`${file}.new`, next.file, { flag: 'wx', mode });
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw new WrongCall(`${file} cannot be written: ${reasonOf(error)}.`, `Remove ${file}.new if it is there.`, error);
  }
  await print(`${next.signer.vkey}\n`);
  tell(
    `Give the file to each worker and start all of them again. The key before it signs, too, for a day: keep the printed key elsewhere by then.`,
  );
  return 0;
}

function keysOf(file: string): { text: string; mode: number } {
  try {
    return { text: textOfFile(file), mode: statSync(file).mode & 0o777 };
  } catch (error) {
    throw new WrongCall(`${file} cannot be read: ${whyUnreadable(error)}.`, 'Specify another file.', error);
  }
}
