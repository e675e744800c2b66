import { writeFileSync } from 'node:fs';
import { reasonOf } from '../../errors.js';
import { newSigningKey, signerOf } from '../../proof/note.js';
import { print, tell } from '../output.js';
import { WrongCall } from '../wrong-call.js';

/** `trawl proof key FILE`: only a new file, so that no key is lost; for its owner alone. */
export async function proofKey(file: string, { as: owner }: { as: string }): Promise<number> {
  const key = newSigningKey(owner);
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
