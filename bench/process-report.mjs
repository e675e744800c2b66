// Loaded into a process with --import: when the process ends, it writes its peak memory to the file BENCH_REPORT.
// Linux only. Plain JavaScript, since the process runs without a compiler.
import { readFileSync, writeFileSync } from 'node:fs';

process.on('exit', () => {
  const [, peak] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  writeFileSync(process.env.BENCH_REPORT, JSON.stringify({ peakBytes: Number(peak) * 1_024 }));
});
