/**
 * Azure OpenAI: the same shapes under `/openai/deployments/{deployment}/…?api-version=…`, `/openai/responses?api-version=…` and, without
 * versions, `/openai/v1/…`. learn.microsoft.com/azure/ai-foundry/openai/reference.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { azureFace } from '../../faces/azure.ts';
import { refusal } from '../../faces/refusal.ts';
import type { ProviderState } from '../../provider-state.ts';
import { decoded } from '../decoded.ts';
import type { Dialect } from '../dialect.ts';
import { serveOpenai } from '../openai/openai-dialect.ts';

const DEPLOYED = /^\/openai\/deployments\/([^/]+)(\/.+)$/;

export const azureDialect: Dialect = {
  id: 'azure',
  owns: (path) => path.startsWith('/openai/'),
  handle,
};

function handle(
  state: ProviderState,
  request: IncomingMessage,
  response: ServerResponse,
  given: string,
): void {
  const [, deployment, rest] = DEPLOYED.exec(given) ?? [];
  const versionless = given.startsWith('/openai/v1/');
  const version = new URL(request.url ?? '', 'http://localhost').searchParams.get('api-version');
  const missing = !versionless && (version ?? '') === '';
  serveOpenai({
    state,
    request,
    response,
    path: versionless
      ? given.slice('/openai'.length)
      : `/v1${rest ?? given.slice('/openai'.length)}`,
    face: azureFace,
    dialect: 'azure',
    deployment: deployment === undefined ? null : decoded(deployment),
    wrong: missing ? refusal(404, { error: { code: '404', message: 'Resource not found' } }) : null,
  });
}
