import type { RequestListener, Server } from 'node:http';
import { createServer } from '@keywell/gateway/server/node-http';
import type { Hono } from 'hono';
import { ListenError } from '@keywell/gateway/node/listen-error';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CHECK_INTERVAL_MS = 500;
const MAX_CONNECTIONS = 256;

/** The admin listener, up. */
export interface AdminListener {
  readonly port: number;
  close(): Promise<void>;
}

export function startAdminListener(
  app: Pick<Hono, 'fetch'>,
  at: { readonly host: string; readonly port: number },
): Promise<AdminListener> {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
    },
    lazily(app),
  );
  server.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new ListenError(error.code ?? 'ELISTEN', error.message)),
    );
    server.listen(at.port, at.host, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : at.port;
      resolve({ port, close: () => close(server) });
    });
  });
}

/**
 * Hands requests to the application. What translates between Node's requests and the web's is loaded at the first one: it brings all
 * of `fetch` with it, 12 MB that a node which nobody asks anything does not need.
 */
function lazily(app: Pick<Hono, 'fetch'>): RequestListener {
  let loading: Promise<RequestListener> | null = null;
  const load = async (): Promise<RequestListener> => {
    const { getRequestListener } = await import('@hono/node-server');
    const listener = getRequestListener(app.fetch);
    return (incoming, outgoing) => void listener(incoming, outgoing);
  };
  return (incoming, outgoing) => {
    loading ??= load();
    loading.then(
      (listener) => listener(incoming, outgoing),
      () => outgoing.destroy(),
    );
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Address of the peer, from what the server hands to the application as its environment. */
export function peerAddress(env: unknown): string | null {
  const incoming = property(env, 'incoming');
  const address = property(property(incoming, 'socket'), 'remoteAddress');
  return typeof address === 'string' ? address : null;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
