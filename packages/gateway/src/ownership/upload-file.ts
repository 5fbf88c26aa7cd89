import { isUtf8 } from 'node:buffer';
import type { ObjectHome } from '@keywell/core/ownership/owned-object';
import { isModelName } from '@keywell/wire/edit/request-members';
import { fieldText, readForm, type FormField } from '@keywell/wire/multipart/read-form';
import { readBody, readFormType } from '../phases/decode.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import { headerIn } from '../pipeline/header-in.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse, type Refusal } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { readBatchLines, withModel, type BatchLines } from './batch-lines.ts';
import { isOneAccount, isSameHome, poolSuits, type Pin } from './pin.ts';
import { findOwned, outOfReach } from './pin-call.ts';

const MODEL_HEADER = 'keywell-model';
const ANYWHERE: Pin = { home: null, offers: 'files', speaks: null };

/**
 * Reads an upload and finds out where it goes: to a provider of the model that the header `keywell-model` names; of a batch, of the model
 * its lines name; else of the first model the caller may call whose providers take files. May answer 400, 404, 408, 413, 415, 503.
 */
export async function readUpload(exchange: Exchange, plane: Plane): Promise<PhaseResult> {
  const boundary = readFormType(exchange);
  if (typeof boundary !== 'string') return boundary;
  const body = await readBody(exchange);
  if (!(body instanceof Uint8Array)) return body;
  const form = readForm(body, boundary);
  if (!form.ok) return refuse('invalid_parameter', form.message);
  const lines = await batchIn(body, form.fields);
  if (lines !== null && 'kind' in lines) return lines;
  const model = modelFor(exchange, lines);
  if (typeof model !== 'string') return model;
  const home = await homeFor(exchange, plane, lines);
  if (home !== null && 'kind' in home) return home;
  const unowned = home === null ? (lines?.unowned ?? null) : null;
  if (unowned !== null && !isOfOneAccount(exchange, model)) return outOfReach(unowned);
  exchange.modelName = model;
  exchange.pin = { ...ANYWHERE, home };
  exchange.asks = {
    kind: 'object',
    operation: 'files',
    method: 'POST',
    suffix: '',
    query: '',
    repeatable: false,
    about: 'file',
    object: null,
    effect: 'seen',
    bodyFor: (named) => (lines === null ? body : withModel(body, lines, named)),
  };
  return null;
}

/** The lines of a file that is for a batch; null for any other. */
async function batchIn(
  body: Uint8Array,
  fields: readonly FormField[],
): Promise<BatchLines | Refusal | null> {
  const purpose = fieldText(body, fields, 'purpose');
  const isFile = fields.some((field) => field.name === 'purpose' && field.isFile);
  if (purpose === 'twice' || isFile) {
    return wrong('purpose', 'The form must have one field "purpose" that is no file.');
  }
  // A host that is lenient must not take for a batch what was not read as one.
  if (purpose?.text.trim().toLowerCase() !== 'batch') return null;
  const [file, ...more] = fields.filter(({ name }) => name === 'file');
  if (file === undefined || more.length > 0) {
    return wrong('file', 'The form must have one field "file".');
  }
  if (!isUtf8(body.subarray(file.start, file.end))) return wrong('file', 'The batch is not UTF-8.');
  const lines = await readBatchLines(body, file);
  return 'wrong' in lines ? wrong('file', lines.wrong) : lines;
}

function modelFor(exchange: Exchange, lines: BatchLines | null): string | Refusal {
  const named = headerIn(exchange.inbound.rawHeaders, MODEL_HEADER);
  if (named !== null && !isModelName(named)) {
    return wrong(MODEL_HEADER, `The header ${MODEL_HEADER} is not a model's name.`);
  }
  if (lines !== null) {
    if (named === null || named === lines.model) return lines.model;
    return wrong(
      MODEL_HEADER,
      `The header ${MODEL_HEADER} and the lines of the batch name different models.`,
    );
  }
  const model = named ?? firstThatTakesFiles(exchange);
  return model ?? wrong(null, 'No model that you may call is at a provider that takes files.');
}

function firstThatTakesFiles({ live, consumer }: Exchange): string | null {
  for (const model of live.models.values()) {
    if (consumer?.mayCall(model.alias) === true && poolSuits(model, ANYWHERE)) return model.alias;
  }
  return null;
}

/** Where what the lines refer to is kept; null where they refer to nothing. */
async function homeFor(
  exchange: Exchange,
  plane: Plane,
  lines: BatchLines | null,
): Promise<ObjectHome | Refusal | null> {
  const files = lines?.files ?? [];
  const responses = lines?.previousResponses ?? [];
  if (files.length + responses.length === 0) return null;
  const found = await findOwned(exchange, plane, [
    ...files.map((id) => ({ kind: 'file', id }) as const),
    ...responses.map((id) => ({ kind: 'response', id }) as const),
  ]);
  if (!Array.isArray(found)) return found;
  const [first, ...rest] = found;
  if (first === undefined) return null;
  if (rest.every(({ home }) => isSameHome(first.home, home))) return first.home;
  return refuse(
    'object_out_of_reach',
    'What the batch refers to is kept with different accounts, which no one key reaches.',
    { headers: ['x-should-retry', 'false'] },
  );
}

function isOfOneAccount({ live }: Exchange, name: string): boolean {
  const found = live.find(name);
  return found === null || isOneAccount(found.model, ANYWHERE, found.only);
}

function wrong(param: string | null, message: string): Refusal {
  return refuse('invalid_parameter', message, { param, headers: ['x-should-retry', 'false'] });
}
