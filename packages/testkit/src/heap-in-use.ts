import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** Where V8 keeps what it has compiled: that grows for as long as anything is called, and is no leak. */
const OF_CODE = /code|trusted/;

/** Bytes of this thread's heap, compiled code apart, that are in use once what is in nobody's hands is gone. */
export function heapInUse(): number {
  // Of V8's kinds the only one that goes on until nothing more is found.
  if (typeof collect === 'function') collect({ type: 'major', flavor: 'last-resort' });
  return getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !OF_CODE.test(name))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0);
}
