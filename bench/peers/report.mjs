// What the peers in JavaScript share: the job's time and memory, as report.h has it.
import { readFileSync } from 'fs';
import { createRequire } from 'module';

// A package of the benchmark's cache folder.
export function load(name) {
  return createRequire(process.env.BENCH_MODULES + '/')(name);
}

function memory() {
  return readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s*(\d+)/)[1];
}

export async function report(job) {
  const before = memory();
  const start = performance.now();
  const startCpu = process.cpuUsage();
  const result = await job();
  const { user, system } = process.cpuUsage(startCpu);
  const seconds = (performance.now() - start) / 1e3;
  console.log(seconds.toFixed(6), (user + system) / 1e6, before, memory());
  return result;
}
