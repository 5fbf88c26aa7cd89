import type { Exchange } from '../pipeline/exchange.ts';

/** `/healthz` says that the process lives, `/readyz` whether it wants traffic. True when the request was one of these. */
export function answerHealth(exchange: Exchange, draining: boolean): boolean {
  const { path, inbound } = exchange;
  if (path !== '/healthz' && path !== '/readyz') return false;
  if (inbound.method !== 'GET' && inbound.method !== 'HEAD') return false;
  const leaving = draining && path === '/readyz';
  const body = leaving ? '{"status":"draining"}' : '{"status":"ok"}';
  inbound.respond(leaving ? 503 : 200, ['content-type', 'application/json'], body);
  return true;
}
