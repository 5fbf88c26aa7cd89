import { createServer } from 'node:net';
import { ListenError } from './listen-error.ts';

/**
 * Whether the port is free. A shared listener would be let in beside another process that shares the same port, and the two would
 * silently split the traffic; an exclusive one is not.
 */
export function probePort(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(new ListenError(error.code ?? 'EADDRINUSE', error.message)),
    );
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}
