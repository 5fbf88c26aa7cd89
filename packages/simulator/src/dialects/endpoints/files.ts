/** Files, each its organization's alone: upload, list, read, content, delete. openai-node `FileObject`. */
import { deliver } from '../../behaviour/deliver.ts';
import type { Refusal } from '../../faces/refusal.ts';
import type { KeptFile } from '../../stored/kept.ts';
import { refuse, refusedCredential, sendJson, stampedHeaders } from '../exchange.ts';
import type { OwnRoute, RoutedCall } from '../openai/own-route.ts';
import { badRequest } from '../openai/request-errors.ts';
import { missing, shown } from '../openai/value-checks.ts';
import { noForm } from './endpoint.ts';
import { readForm } from './multipart.ts';

const fileJson = ({ id, filename, purpose, createdAt, bytes }: KeptFile): object => ({
  object: 'file',
  id,
  purpose,
  filename,
  bytes: bytes.byteLength,
  created_at: createdAt,
  expires_at: null,
  status: 'processed',
  status_details: null,
});

export const noFile = (id: string): Refusal => ({
  ...badRequest(`No such File object: ${shown(id)}`, 'id'),
  status: 404,
});

const PURPOSES = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals'];

function upload({ exchange, owner, bytes }: RoutedCall): void {
  const { state, request } = exchange;
  if (refusedCredential(exchange, owner, null)) return;
  const form = readForm(request, bytes);
  const [file] = form?.files('file') ?? [];
  const purpose = form?.text('purpose') ?? null;
  const known = purpose !== null && PURPOSES.includes(purpose);
  if (form === null || file === undefined || !known) {
    const wrong =
      form === null
        ? noForm()
        : file === undefined
          ? missing('file')
          : badRequest(
              `'${shown(purpose)}' is not one of [${PURPOSES.map((one) => `'${one}'`).join(', ')}] - 'purpose'`,
            );
    return refuse(exchange, owner, wrong, 'invalid_request');
  }
  const kept: KeptFile = {
    id: `file-${state.random.hex(24)}`,
    filename: file.filename ?? 'file',
    purpose,
    createdAt: Math.floor(state.clock.wallNow() / 1000),
    bytes: file.bytes,
  };
  state.kept.files.put(owner.organization, kept.id, kept);
  sendJson(exchange, owner, fileJson(kept));
}

/** A page of a list, newest first: `after` an id, at most `limit`. */
function paged(
  { exchange }: RoutedCall,
  all: readonly { readonly id: string }[],
): { from: number; to: number } {
  const query = new URL(exchange.request.url ?? '', 'http://localhost').searchParams;
  const after = query.get('after');
  const limit = Math.max(1, Math.min(10_000, Number(query.get('limit') ?? 100) || 100));
  const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
  return { from, to: Math.min(all.length, from + limit) };
}

export function listOf(
  call: RoutedCall,
  all: readonly { readonly id: string }[],
  told: readonly object[],
): object {
  const { from, to } = paged(call, all);
  return {
    object: 'list',
    data: told.slice(from, to),
    first_id: all[from]?.id ?? null,
    last_id: all[to - 1]?.id ?? null,
    has_more: to < all.length,
  };
}

function list(call: RoutedCall): void {
  const { exchange, owner } = call;
  if (refusedCredential(exchange, owner, null)) return;
  const query = new URL(exchange.request.url ?? '', 'http://localhost').searchParams;
  const purpose = query.get('purpose');
  const files = exchange.state.kept.files
    .list(owner.organization)
    .filter((file) => purpose === null || file.purpose === purpose);
  sendJson(exchange, owner, listOf(call, files, files.map(fileJson)));
}

/** What the organization has by the path's id, to be answered with. */
function withFile(call: RoutedCall, answer: (file: KeptFile) => void): void {
  const { exchange, owner, parts } = call;
  const [id = ''] = parts;
  if (refusedCredential(exchange, owner, null)) return;
  const file = exchange.state.kept.files.get(owner.organization, id);
  if (file === null) return refuse(exchange, owner, noFile(id), 'not_found');
  answer(file);
}

function sendContent({ exchange, owner }: RoutedCall, { bytes }: KeptFile): void {
  deliver(exchange, {
    status: 200,
    headers: ['content-type', 'application/octet-stream', ...stampedHeaders(exchange, owner)],
    body: bytes,
    events: null,
    firstByteMs: 0,
    eventIntervalMs: 0,
  });
}

const ALL = /^\/v1\/files$/;
const ONE = /^\/v1\/files\/([^/]+)$/;
const CONTENT = /^\/v1\/files\/([^/]+)\/content$/;
const dialect = 'openai';

export const FILE_ROUTES: readonly OwnRoute[] = [
  { method: 'POST', path: ALL, operation: 'files.create', dialect, handle: upload },
  { method: 'GET', path: ALL, operation: 'files.list', dialect, handle: list },
  {
    method: 'GET',
    path: ONE,
    operation: 'files.read',
    dialect,
    handle: (call) => withFile(call, (file) => sendJson(call.exchange, call.owner, fileJson(file))),
  },
  {
    method: 'GET',
    path: CONTENT,
    operation: 'files.content',
    dialect,
    handle: (call) => withFile(call, (file) => sendContent(call, file)),
  },
  {
    method: 'DELETE',
    path: ONE,
    operation: 'files.delete',
    dialect,
    handle: (call) =>
      withFile(call, ({ id }) => {
        call.exchange.state.kept.files.delete(call.owner.organization, id);
        sendJson(call.exchange, call.owner, { object: 'file', deleted: true, id });
      }),
  },
];
