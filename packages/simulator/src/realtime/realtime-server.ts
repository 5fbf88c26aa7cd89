/** `/v1/realtime?model=…` over a WebSocket: who connects, and for which model. openai-node `realtime/ws.ts`, `realtime/websocket.ts`. */
import type { IncomingMessage, Server } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Refusal } from '../faces/refusal.ts';
import { badRequest } from '../dialects/openai/request-errors.ts';
import type { ModelProfile } from '../profile/profile-schema.ts';
import type { KeyOwner, ProviderState } from '../provider-state.ts';
import { RealtimeSession } from './realtime-session.ts';

const PATHS = new Set(['/v1/realtime', '/openai/v1/realtime', '/openai/realtime']);
const MAX_PAYLOAD = 16 * 1024 * 1024;
/** How a browser gives its key: as a protocol that it asks for. */
const KEY_PROTOCOL = 'openai-insecure-api-key.';

function keyOf({ headers }: IncomingMessage): string | null {
  const bearer = /^bearer +(\S+)/i.exec(headers.authorization ?? '')?.[1];
  const own = headers['api-key'];
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  const asked = protocols.find((one) => one.startsWith(KEY_PROTOCOL));
  if (bearer !== undefined) return bearer;
  return typeof own === 'string' ? own : (asked?.slice(KEY_PROTOCOL.length) ?? null);
}

/** Refuses before there is a WebSocket. */
function refuseUpgrade(
  socket: Duplex,
  state: ProviderState,
  { status, body, headers }: Refusal,
): void {
  const id = state.random.hex(32);
  const text = typeof body === 'string' ? body : state.face.errorBody(status, body, id);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`, 'connection: close'];
  for (let at = 0; at < headers.length; at += 2) {
    lines.push(`${headers[at] ?? ''}: ${headers[at + 1] ?? ''}`);
  }
  lines.push(`content-length: ${Buffer.byteLength(text)}`, '', text);
  socket.end(lines.join('\r\n'));
}

/** The model that is connected to, or why it is not. */
function admitted(
  state: ProviderState,
  owner: KeyOwner,
  name: string | null,
): ModelProfile | Refusal {
  const at = state.clock.wallNow();
  const told = {
    account: owner,
    model: name ?? '',
    prompt: '',
    allowance: null,
    requestId: state.random.hex(32),
    at,
    clockAt: at,
  };
  if (name === null) return badRequest('you must provide a model parameter');
  const model = state.models.get(name);
  if (model === undefined || (model.kind ?? 'chat') !== 'chat') {
    return state.face.refusals.model_not_found(told, {});
  }
  const allowed = owner.models === null || owner.models.has(model.id);
  return allowed ? model : state.face.refusals.model_forbidden(told, {});
}

/** Answers upgrades of the server; returns what ends the sessions under way. */
export function serveRealtime(server: Server, state: ProviderState): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_PAYLOAD,
    handleProtocols: (asked) => (asked.has('realtime') ? 'realtime' : false),
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const url = new URL(request.url ?? '/', 'http://localhost');
    const key = keyOf(request);
    const owner = key === null ? null : state.ownerOf(key);
    const call = state.calls.begin(owner, 'realtime', 'openai');
    socket.once('close', () => state.calls.end(call));
    const name = url.searchParams.get('model') ?? url.searchParams.get('deployment');
    call.model = name;
    const known = PATHS.has(url.pathname);
    const model = owner === null ? state.face.unknownKey(key, '') : admitted(state, owner, name);
    if (!known || owner === null || 'status' in model) {
      const missing = { ...badRequest(`Invalid URL (GET ${url.pathname})`), status: 404 };
      const refusal = known && 'status' in model ? model : missing;
      call.status = refusal.status;
      call.refused = owner === null ? 'unknown_key' : 'invalid_request';
      return refuseUpgrade(socket, state, refusal);
    }
    call.status = 101;
    sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on('error', () => opened.terminate());
      const session = new RealtimeSession(state, owner, model, opened);
      opened.on('message', (data: Buffer) => session.receive(data.toString('utf8')));
    });
  });
  return () => {
    for (const socket of sockets.clients) socket.terminate();
  };
}
