/** Where tokens come from: `/oauth/token` and `/token` as at Google, `/{tenant}/oauth2/v2.0/token` as at Entra. A token stands for its key. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refusal } from '../../faces/refusal.ts';
import type { ProviderState } from '../../provider-state.ts';
import type { Dialect } from '../dialect.ts';
import { failed } from '../../behaviour/pace.ts';
import { openExchange, refuse, refusedCredential, sendJson } from '../exchange.ts';
import type { Opening } from '../exchange.ts';
import { grantedTo } from './token-grants.ts';

const PATH = /^\/(?:oauth\/|[^/]+\/oauth2\/v2\.0\/)?token$/;
const MAX_FORM = 65_536;

export const oauthDialect: Dialect = {
  id: 'oauth',
  owns: (path) => PATH.test(path),
  handle,
};

/** The form is read before the call is counted: only the form says whose key it is. */
function handle(
  state: ProviderState,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes <= MAX_FORM) chunks.push(chunk);
  });
  request.on('error', () => response.destroy());
  request.on('end', () => {
    try {
      const text = bytes > MAX_FORM ? '' : Buffer.concat(chunks).toString();
      answer({ state, request, response, path }, text);
    } catch (error) {
      failed(response, error);
    }
  });
}

type Asked = Pick<Opening, 'state' | 'request' | 'response' | 'path'>;

function answer(asked: Asked, text: string): void {
  const { state, request } = asked;
  const right = request.method === 'POST';
  const { authorization = '' } = request.headers;
  const granted = right ? grantedTo(state, new URLSearchParams(text), authorization) : null;
  const owner = granted === null || 'error' in granted ? null : granted;
  const how = { face: state.face, dialect: 'oauth', owner, operation: 'token' };
  const exchange = openExchange({ ...asked, ...how });
  if (exchange === null) return;
  if (granted === null) {
    const wrong = refusal(405, { error: 'invalid_request' }, ['allow', 'POST']);
    return refuse(exchange, null, wrong, 'invalid_request');
  }
  if ('error' in granted) {
    const { status, error, description } = granted;
    const wrong = refusal(status, { error, error_description: description });
    return refuse(exchange, null, wrong, 'wrong_grant');
  }
  if (refusedCredential(exchange, granted, null)) return;
  const token = `ya29.simulated-${state.random.hex(48)}`;
  const seconds = state.kept.tokens.issue(token, granted.value);
  sendJson(exchange, granted, {
    access_token: token,
    expires_in: seconds - 1,
    token_type: 'Bearer',
  });
}
