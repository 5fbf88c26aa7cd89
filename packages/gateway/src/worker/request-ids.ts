/** Request ids: `req_`, the process's start and the worker in base 36, and a counter. Unique on the node, cheap, and no secret. */
export function createRequestIds(
  worker: number,
  wallNow: number,
  random: () => number,
): () => string {
  const salt = Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0');
  const prefix = `req_${wallNow.toString(36)}${salt}${worker.toString(36)}-`;
  let counter = 0;
  return () => {
    counter += 1;
    return prefix + counter.toString(36);
  };
}
