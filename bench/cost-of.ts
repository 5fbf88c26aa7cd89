import { median } from './figures.ts';

const TURNS = 7;
const TURN_MS = 60;
const AT_ONCE = 20;

/** Microseconds of processor time that this thread has used: what others do on the machine at the same time does not count. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** Nanoseconds of processor time of one operation: the median of several short turns, after one that is not counted. */
export function cost(operation: () => void): number {
  const turn = (): number => {
    const started = performance.now();
    const from = cpuTime();
    let done = 0;
    for (; performance.now() - started < TURN_MS; done += AT_ONCE) {
      for (let index = 0; index < AT_ONCE; index += 1) operation();
    }
    return ((cpuTime() - from) * 1000) / done;
  };
  turn();
  return median(Array.from({ length: TURNS }, turn));
}
