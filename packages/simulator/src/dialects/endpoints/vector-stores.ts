/** Vector stores, each its organization's alone, with nothing in them. openai-node `VectorStore` and `VectorStoreDeleted`, version 6. */
import type { Refusal } from '../../faces/refusal.ts';
import type { KeptStore } from '../../stored/kept.ts';
import { refuse, refusedCredential, sendJson } from '../exchange.ts';
import { parseJson } from '../json-body.ts';
import type { OwnRoute, RoutedCall } from '../openai/own-route.ts';
import { badRequest, malformedJson } from '../openai/request-errors.ts';
import { shown } from '../openai/value-checks.ts';
import { textField } from './endpoint.ts';
import { listOf } from './files.ts';

const storeJson = ({ id, name, createdAt }: KeptStore): object => ({
  id,
  object: 'vector_store',
  created_at: createdAt,
  name,
  usage_bytes: 0,
  file_counts: { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 },
  status: 'completed',
  expires_at: null,
  last_active_at: createdAt,
  metadata: {},
});

const noStore = (id: string): Refusal => ({
  ...badRequest(`Vector store with id '${shown(id)}' not found.`, 'vector_store_id'),
  status: 404,
});

function create({ exchange, owner, bytes }: RoutedCall): void {
  const { state } = exchange;
  if (refusedCredential(exchange, owner, null)) return;
  const body = parseJson(bytes);
  if (body === null) return refuse(exchange, owner, malformedJson(), 'invalid_request');
  const store: KeptStore = {
    id: `vs_${state.random.hex(32)}`,
    name: textField(body, 'name') ?? '',
    createdAt: Math.floor(state.clock.wallNow() / 1000),
  };
  state.kept.stores.put(owner.organization, store.id, store);
  sendJson(exchange, owner, storeJson(store));
}

function list(call: RoutedCall): void {
  const { exchange, owner } = call;
  if (refusedCredential(exchange, owner, null)) return;
  const stores = exchange.state.kept.stores.list(owner.organization);
  sendJson(exchange, owner, listOf(call, stores, stores.map(storeJson)));
}

function withStore(answer: (call: RoutedCall, store: KeptStore) => object) {
  return (call: RoutedCall): void => {
    const { exchange, owner, parts } = call;
    const [id = ''] = parts;
    if (refusedCredential(exchange, owner, null)) return;
    const store = exchange.state.kept.stores.get(owner.organization, id);
    if (store === null) return refuse(exchange, owner, noStore(id), 'not_found');
    sendJson(exchange, owner, answer(call, store));
  };
}

function remove({ exchange, owner }: RoutedCall, { id }: KeptStore): object {
  exchange.state.kept.stores.delete(owner.organization, id);
  return { id, object: 'vector_store.deleted', deleted: true };
}

const ALL = /^\/v1\/vector_stores$/;
const ONE = /^\/v1\/vector_stores\/([^/]+)$/;
const dialect = 'openai';

export const VECTOR_STORE_ROUTES: readonly OwnRoute[] = [
  { method: 'POST', path: ALL, operation: 'vector_stores.create', dialect, handle: create },
  { method: 'GET', path: ALL, operation: 'vector_stores.list', dialect, handle: list },
  {
    method: 'GET',
    path: ONE,
    operation: 'vector_stores.read',
    dialect,
    handle: withStore((_, store) => storeJson(store)),
  },
  {
    method: 'DELETE',
    path: ONE,
    operation: 'vector_stores.delete',
    dialect,
    handle: withStore(remove),
  },
];
