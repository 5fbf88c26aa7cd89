/** Which paths there are and what each takes. */
import type { Refusal } from '../../faces/refusal.ts';
import { decoded } from '../decoded.ts';
import { AUDIO_ROUTES } from '../endpoints/audio.ts';
import { BATCH_ROUTES } from '../endpoints/batches.ts';
import { FILE_ROUTES } from '../endpoints/files.ts';
import { FINE_TUNING_ROUTES } from '../endpoints/fine-tuning.ts';
import { VECTOR_STORE_ROUTES } from '../endpoints/vector-stores.ts';
import { IMAGE_ROUTES } from '../endpoints/images.ts';
import { TEXT_ROUTES } from '../endpoints/moderations-rerank.ts';
import { RESPONSES_ROUTES } from '../responses/responses-routes.ts';
import type { OwnRoute } from './own-route.ts';
import { unknownUrl, wrongMethod } from './request-errors.ts';
import type { Operation } from './request.ts';

/** Everything beside chat, completions, embeddings and models. */
const OWN: readonly OwnRoute[] = [
  ...RESPONSES_ROUTES,
  ...IMAGE_ROUTES,
  ...AUDIO_ROUTES,
  ...TEXT_ROUTES,
  ...FILE_ROUTES,
  ...BATCH_ROUTES,
  ...FINE_TUNING_ROUTES,
  ...VECTOR_STORE_ROUTES,
];

export type Route =
  | { readonly kind: 'call'; readonly operation: Operation }
  | { readonly kind: 'own'; readonly own: OwnRoute; readonly parts: readonly string[] }
  | { readonly kind: 'models' }
  | { readonly kind: 'model'; readonly model: string };

const CALLS: Readonly<Record<string, Route>> = {
  '/v1/chat/completions': { kind: 'call', operation: 'chat.completions' },
  '/v1/completions': { kind: 'call', operation: 'completions' },
  '/v1/embeddings': { kind: 'call', operation: 'embeddings' },
};
const MODELS: Route = { kind: 'models' };
const MODEL = '/v1/models/';

export function routeOf(method: string, path: string): Route | Refusal {
  const call = Object.hasOwn(CALLS, path) ? CALLS[path] : undefined;
  if (call !== undefined) return method === 'POST' ? call : wrongMethod(method, path, 'POST');
  const own = ownRoute(method, path);
  if (own !== null) return own;
  const models = path === '/v1/models';
  if (!models && (!path.startsWith(MODEL) || path.length === MODEL.length)) {
    return unknownUrl(method, path);
  }
  if (method !== 'GET') return wrongMethod(method, path, 'GET');
  return models ? MODELS : { kind: 'model', model: decoded(path.slice(MODEL.length)) };
}

function ownRoute(method: string, path: string): Route | Refusal | null {
  const here = OWN.filter((route) => route.path.test(path));
  if (here.length === 0) return null;
  const own = here.find((route) => route.method === method);
  if (own === undefined) {
    return wrongMethod(method, path, here.map((route) => route.method).join(', '));
  }
  const [, ...parts] = own.path.exec(path) ?? [];
  return { kind: 'own', own, parts: parts.map((part) => decoded(part)) };
}
