import { tokenUsage } from '@keywell/core/log/token-usage';
import { isModelName } from '@keywell/wire/edit/request-members';
import { poolSuits, type Pin } from '../ownership/pin.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import { headerIn } from '../pipeline/header-in.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { dispatchOver } from '../relay/dispatcher.ts';
import { MAX_MESSAGE_BYTES } from './messages.ts';
import { UpgradeInbound } from './upgrade-inbound.ts';
import { RealtimeLink, type LinkTimes } from './upstream-session.ts';

const REALTIME: Pin = { home: null, offers: 'realtime', speaks: null };
const PING_MS = 20_000;
const IDLE_MS = 15 * 60_000;

/** Which model a session is for: it stands in the query. May answer 400. */
export function readRealtime(exchange: Exchange): PhaseResult {
  if (!(exchange.inbound instanceof UpgradeInbound)) {
    return refuse(
      'bad_request',
      'A realtime session is a WebSocket: connect with wss:// or ws://.',
    );
  }
  const model = new URLSearchParams(exchange.query).get('model');
  if (model === null) {
    return refuse('missing_parameter', 'The query must name a model: ?model=…', { param: 'model' });
  }
  if (!isModelName(model)) {
    return refuse('invalid_parameter', 'The model in the query is not a name.', { param: 'model' });
  }
  exchange.modelName = model;
  exchange.pin = REALTIME;
  return null;
}

/**
 * Opens a session with a provider, key by key until one begins to speak, and only then takes the caller's connection over: what fails before
 * is an honest HTTP answer. Settled when the session ends. May answer what `dispatch` may.
 */
export async function openRealtime(exchange: Exchange, plane: Plane): Promise<PhaseResult> {
  const { inbound, model } = exchange;
  if (model === null || !(inbound instanceof UpgradeInbound)) return refuse('internal_error');
  if (!poolSuits(model, REALTIME)) {
    return refuse('invalid_parameter', 'No provider of this model has realtime sessions.', {
      param: 'model',
      headers: ['x-should-retry', 'false'],
    });
  }
  const { WebSocket, WebSocketServer } = await import('ws');
  if (inbound.closed) return 'done';
  inbound.prepare(
    new WebSocketServer({
      noServer: true,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      handleProtocols: (offered) => protocolOf(offered),
    }),
  );
  exchange.outbound = new RealtimeLink(inbound, {
    connect: (url, options) => new WebSocket(url, options),
    times: timesFor(model.pool.idleTimeoutMs),
    extra: betaOf(exchange),
  });
  // A session in which nothing was answered has used nothing.
  exchange.usage = tokenUsage({});
  return dispatchOver(exchange, plane, model);
}

/** Signs of life come well within what a pool takes for silence. */
const timesFor = (idleTimeoutMs: number): LinkTimes => ({
  pingMs: Math.max(100, Math.min(PING_MS, idleTimeoutMs / 3)),
  idleMs: IDLE_MS,
});

const BETA = 'openai-beta';
const BETA_PROTOCOL = 'openai-beta.realtime-v1';

/** The session's own protocol: those that carry a key are not said again. */
function protocolOf(offered: ReadonlySet<string>): string | false {
  if (offered.has('realtime')) return 'realtime';
  return [...offered].find((name) => !name.startsWith('openai-')) ?? false;
}

/** Clients of the first version of the API say so in a header, browsers in a subprotocol. */
function betaOf({ inbound }: Exchange): Readonly<Record<string, string>> {
  const header = headerIn(inbound.rawHeaders, BETA);
  if (header !== null && /^[\w=;, .-]{1,100}$/.test(header)) return { [BETA]: header };
  const protocols = headerIn(inbound.rawHeaders, 'sec-websocket-protocol') ?? '';
  return protocols.includes(BETA_PROTOCOL) ? { [BETA]: 'realtime=v1' } : {};
}
