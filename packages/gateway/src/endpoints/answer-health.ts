import type { Exchange } from '../pipeline/exchange.ts';

/** What the node says of itself on `/readyz`: only `ok` asks for traffic. */
export type NodeState = 'starting' | 'ok' | 'draining';

/** `/healthz` says that the process lives, `/readyz` whether it wants traffic. True when the request was one of these. */
export function answerHealth(exchange: Exchange, state: NodeState): boolean {
  const { path, inbound } = exchange;
  if (path !== '/healthz' && path !== '/readyz') return false;
  if (inbound.method !== 'GET' && inbound.method !== 'HEAD') return false;
  const said = path === '/readyz' ? state : 'ok';
  const status = said === 'ok' ? 200 : 503;
  inbound.respond(status, ['content-type', 'application/json'], `{"status":"${said}"}`);
  return true;
}
