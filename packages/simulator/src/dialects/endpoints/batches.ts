/**
 * Batches, each its organization's alone. A batch moves on each time it is read: validating, in progress, completed. openai-node `Batch`; lines
 * of the files: platform.openai.com/docs/guides/batch.
 */
import type { Refusal } from '../../faces/refusal.ts';
import type { KeyOwner } from '../../provider-state.ts';
import type { KeptBatch, KeptFile } from '../../stored/kept.ts';
import type { Exchange } from '../dialect.ts';
import { refuse, refusedCredential, sendJson } from '../exchange.ts';
import { isObject, parseJson } from '../json-body.ts';
import type { JsonObject } from '../json-body.ts';
import { batchedBody } from '../openai/answer-call.ts';
import type { OwnRoute, RoutedCall } from '../openai/own-route.ts';
import { badRequest, malformedJson } from '../openai/request-errors.ts';
import { missing, shown } from '../openai/value-checks.ts';
import { listOf, noFile } from './files.ts';

const ENDPOINTS = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings'];

const seconds = ({ state }: Exchange): number => Math.floor(state.clock.wallNow() / 1000);

const batchJson = ({ id, fields, status, result }: KeptBatch): object => ({
  id,
  object: 'batch',
  ...fields,
  status,
  ...result,
});

function created(call: RoutedCall, body: JsonObject): KeptBatch | Refusal {
  const { exchange, owner } = call;
  const { input_file_id: file, endpoint, completion_window: window } = body;
  if (typeof file !== 'string') return missing('input_file_id');
  if (typeof endpoint !== 'string') return missing('endpoint');
  if (!ENDPOINTS.includes(endpoint)) {
    const message = `Invalid value: '${shown(endpoint)}'. Supported values are: ${ENDPOINTS.map((one) => `'${one}'`).join(', ')}.`;
    return badRequest(message, 'endpoint', 'invalid_value');
  }
  if (window !== '24h') {
    return badRequest(
      `Invalid value: '${shown(window)}'. Value must be '24h'.`,
      'completion_window',
      'invalid_value',
    );
  }
  if (exchange.state.kept.files.get(owner.organization, file) === null) return noFile(file);
  const at = seconds(exchange);
  return {
    id: `batch_${exchange.state.random.hex(32)}`,
    status: 'validating',
    result: null,
    fields: {
      endpoint,
      errors: null,
      input_file_id: file,
      completion_window: '24h',
      output_file_id: null,
      error_file_id: null,
      created_at: at,
      expires_at: at + 86_400,
      request_counts: { total: 0, completed: 0, failed: 0 },
      metadata: body['metadata'] ?? null,
    },
  };
}

function create(call: RoutedCall): void {
  const { exchange, owner, bytes } = call;
  if (refusedCredential(exchange, owner, null)) return;
  const body = parseJson(bytes);
  const batch = body === null ? malformedJson() : created(call, body);
  // a batch has a status too
  if (!('fields' in batch)) return refuse(exchange, owner, batch, 'invalid_request');
  exchange.state.kept.batches.put(owner.organization, batch.id, batch);
  sendJson(exchange, owner, batchJson(batch));
}

/** One line of the input as one of the output, or of the errors, and what it used. */
function answered(
  exchange: Exchange,
  owner: KeyOwner,
  line: string,
): [good: boolean, told: object, usage: unknown] {
  const { random } = exchange.state;
  const id = `batch_req_${random.hex(32)}`;
  const request = parseJson(Buffer.from(line));
  const custom = request?.['custom_id'] ?? null;
  const body = isObject(request?.['body']) ? request['body'] : {};
  const made = batchedBody(exchange, owner, String(request?.['url']), body);
  const status = made.status;
  const response = { status_code: status, request_id: random.hex(32), body: made.body };
  const usage = isObject(made.body) ? made.body['usage'] : null;
  return [status === 200, { id, custom_id: custom, response, error: null }, usage];
}

/** The sum of what its calls used, as batches tell it, whichever way each call does. */
function usageOf(calls: readonly unknown[]): object {
  const sum = (...names: readonly string[]): number =>
    calls
      .filter(isObject)
      .flatMap((usage) => names.map((name) => Number(usage[name] ?? 0)))
      .reduce((all, tokens) => all + tokens, 0);
  const [input, output] = [
    sum('prompt_tokens', 'input_tokens'),
    sum('completion_tokens', 'output_tokens'),
  ];
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}

function keep(
  exchange: Exchange,
  owner: KeyOwner,
  name: string,
  lines: readonly object[],
): string | null {
  if (lines.length === 0) return null;
  const { state } = exchange;
  const file: KeptFile = {
    id: `file-${state.random.hex(24)}`,
    filename: name,
    purpose: 'batch_output',
    createdAt: seconds(exchange),
    bytes: Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
  };
  state.kept.files.put(owner.organization, file.id, file);
  return file.id;
}

function complete(exchange: Exchange, owner: KeyOwner, batch: KeptBatch): void {
  const input = exchange.state.kept.files.get(
    owner.organization,
    String(batch.fields['input_file_id']),
  );
  const lines = Buffer.from(input?.bytes ?? [])
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const told = lines.map((line) => answered(exchange, owner, line));
  const [good, bad] = [true, false].map((wanted) =>
    told.filter(([right]) => right === wanted).map(([, line]) => line),
  );
  batch.status = 'completed';
  batch.result = {
    in_progress_at: seconds(exchange),
    completed_at: seconds(exchange),
    output_file_id: keep(exchange, owner, `${batch.id}_output.jsonl`, good ?? []),
    error_file_id: keep(exchange, owner, `${batch.id}_error.jsonl`, bad ?? []),
    request_counts: { total: told.length, completed: good?.length ?? 0, failed: bad?.length ?? 0 },
    usage: usageOf(told.map(([, , usage]) => usage)),
  };
}

function moveOn(exchange: Exchange, owner: KeyOwner, batch: KeptBatch): void {
  if (batch.status === 'validating') batch.status = 'in_progress';
  else if (batch.status === 'in_progress') complete(exchange, owner, batch);
  else if (batch.status === 'cancelling') {
    batch.status = 'cancelled';
    batch.result = { ...batch.result, cancelled_at: seconds(exchange) };
  }
}

function cancel(exchange: Exchange, batch: KeptBatch): Refusal | null {
  if (batch.status !== 'validating' && batch.status !== 'in_progress') {
    const message = `Cannot cancel a batch with status '${batch.status}'.`;
    return { ...badRequest(message), status: 409 };
  }
  batch.status = 'cancelling';
  batch.result = { cancelling_at: seconds(exchange) };
  return null;
}

/** Does something to the organization's batch of the path's id, and tells what it is then. */
function withBatch(call: RoutedCall, act: (batch: KeptBatch) => Refusal | null): void {
  const { exchange, owner, parts } = call;
  const [id = ''] = parts;
  if (refusedCredential(exchange, owner, null)) return;
  const batch = exchange.state.kept.batches.get(owner.organization, id);
  if (batch === null) {
    const wrong = { ...badRequest(`No batch found with id '${shown(id)}'.`), status: 404 };
    return refuse(exchange, owner, wrong, 'not_found');
  }
  const refusal = act(batch);
  if (refusal !== null) return refuse(exchange, owner, refusal, 'invalid_request');
  sendJson(exchange, owner, batchJson(batch));
}

function list(call: RoutedCall): void {
  const { exchange, owner } = call;
  if (refusedCredential(exchange, owner, null)) return;
  const batches = exchange.state.kept.batches.list(owner.organization);
  sendJson(exchange, owner, listOf(call, batches, batches.map(batchJson)));
}

const ALL = /^\/v1\/batches$/;
const ONE = /^\/v1\/batches\/([^/]+)$/;
const CANCEL = /^\/v1\/batches\/([^/]+)\/cancel$/;
const dialect = 'openai';

export const BATCH_ROUTES: readonly OwnRoute[] = [
  { method: 'POST', path: ALL, operation: 'batches.create', dialect, handle: create },
  { method: 'GET', path: ALL, operation: 'batches.list', dialect, handle: list },
  {
    method: 'GET',
    path: ONE,
    operation: 'batches.read',
    dialect,
    handle: (call) =>
      withBatch(call, (batch) => {
        moveOn(call.exchange, call.owner, batch);
        return null;
      }),
  },
  {
    method: 'POST',
    path: CANCEL,
    operation: 'batches.cancel',
    dialect,
    handle: (call) => withBatch(call, (batch) => cancel(call.exchange, batch)),
  },
];
