import { claimCall } from '../idempotency/claim-call.ts';
import { readBatch } from '../ownership/create-batch.ts';
import {
  checkReach,
  findObject,
  listObjects,
  type ObjectQuestion,
} from '../ownership/object-phases.ts';
import { readUpload } from '../ownership/upload-file.ts';
import { authenticate } from '../phases/authenticate.ts';
import { authorize } from '../phases/authorize.ts';
import { dispatch } from '../phases/dispatch.ts';
import { gate } from '../phases/gate.ts';
import { resolve } from '../phases/resolve.ts';
import type { Phase, Route } from '../pipeline/route.ts';
import type { Operation } from '../telemetry/metric-table.ts';

const route = (operation: Operation, method: string, ...phases: readonly Phase[]): Route => ({
  operation,
  method,
  phases: [authenticate, gate, ...phases],
});

const about = (operation: Operation, question: ObjectQuestion): Route =>
  route(operation, question.method, findObject(question), dispatch);

interface ObjectRoutes {
  readonly collection: readonly Route[];
  /** By what follows the id. */
  readonly one: ReadonlyMap<string, readonly Route[]>;
}

const PAGE = ['limit', 'after', 'before', 'order', 'include'] as const;
const STREAM = ['include', 'stream', 'starting_after', 'include_obfuscation'] as const;

/** Paths of what providers keep, which lead to its quota domain alone. */
const ROUTES: Readonly<Record<string, ObjectRoutes>> = {
  files: {
    collection: [
      route('files.list', 'GET', listObjects('file')),
      route(
        'files.create',
        'POST',
        readUpload,
        authorize,
        resolve,
        checkReach,
        claimCall,
        dispatch,
      ),
    ],
    one: new Map([
      [
        '',
        [
          about('files.get', { about: 'file', method: 'GET', part: '', effect: 'seen' }),
          about('files.delete', { about: 'file', method: 'DELETE', part: '', effect: 'gone' }),
        ],
      ],
      [
        'content',
        [
          about('files.content', {
            about: 'file',
            method: 'GET',
            part: '/content',
            effect: 'none',
          }),
        ],
      ],
    ]),
  },
  batches: {
    collection: [
      route('batches.list', 'GET', listObjects('batch')),
      route('batches.create', 'POST', readBatch, claimCall, dispatch),
    ],
    one: new Map([
      ['', [about('batches.get', { about: 'batch', method: 'GET', part: '', effect: 'seen' })]],
      [
        'cancel',
        [
          about('batches.cancel', {
            about: 'batch',
            method: 'POST',
            part: '/cancel',
            effect: 'seen',
          }),
        ],
      ],
    ]),
  },
  responses: {
    collection: [],
    one: new Map([
      [
        '',
        [
          about('responses.get', {
            about: 'response',
            method: 'GET',
            part: '',
            effect: 'none',
            query: STREAM,
          }),
          about('responses.delete', {
            about: 'response',
            method: 'DELETE',
            part: '',
            effect: 'gone',
          }),
        ],
      ],
      [
        'cancel',
        [
          about('responses.cancel', {
            about: 'response',
            method: 'POST',
            part: '/cancel',
            effect: 'none',
          }),
        ],
      ],
      [
        'input_items',
        [
          about('responses.input_items', {
            about: 'response',
            method: 'GET',
            part: '/input_items',
            effect: 'none',
            query: PAGE,
          }),
        ],
      ],
    ]),
  },
};

const PATH = /^\/v1\/(files|batches|responses)(?:\/([^/]+)(?:\/([a-z_]+))?)?$/;

/** The route of such a path; one of another method where none takes this one. Null for every other path. */
export function matchObjectRoute(
  path: string,
  method: string,
): { readonly route: Route; readonly parameter: string } | null {
  const [, collection = '', parameter, part = ''] = PATH.exec(path) ?? [];
  const routes = ROUTES[collection];
  if (routes === undefined) return null;
  const here = parameter === undefined ? routes.collection : routes.one.get(part);
  const found = here?.find((each) => each.method === method) ?? here?.[0];
  return found === undefined ? null : { route: found, parameter: parameter ?? '' };
}
