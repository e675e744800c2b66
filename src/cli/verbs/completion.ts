import { type Shell, scripts } from '../completion/scripts.js';
import { print } from '../output.js';

/** `trawl completion SHELL`: prints the script with which the shell calls `complete`. */
export async function completion(shell: Shell): Promise<number> {
  await print(scripts[shell]);
  return 0;
}
