// Backs up or restores, and is killed before it changes a file or a folder for the nth time:
//   node crashing-restore.mjs restore|backUp FROM TO NTH
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [verb, from, to, nth] = process.argv.slice(2);
let passed = 0;
for (const name of ['linkSync', 'renameSync', 'rmSync', 'openSync', 'fsyncSync', 'chmodSync']) {
  const own = fs[name];
  fs[name] = (...args) => {
    passed += 1;
    if (passed === Number(nth)) {
      process.kill(process.pid, 'SIGKILL');
      // Nothing more happens before the signal arrives.
      for (;;);
    }
    return own(...args);
  };
}
syncBuiltinESMExports();
const backup = await import('../../dist/src/stores/sqlite/backup.js');
console.log(JSON.stringify(backup[verb](from, to, { force: true })));
