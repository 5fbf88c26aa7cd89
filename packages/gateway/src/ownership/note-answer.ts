import type { Candidate } from '@keywell/core/keys/plan';
import { isObjectId, type OwnedObject } from '@keywell/core/ownership/owned-object';
import { compileFields } from '@keywell/wire/json/field-set';
import { ABSENT, ARRAY, FALSE, OBJECT, STRING } from '@keywell/wire/json/kind';
import { readString } from '@keywell/wire/json/read-value';
import { skimObject } from '@keywell/wire/json/skim';
import { createSpans } from '@keywell/wire/json/spans';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import type { TargetFace } from '../relay/upstream-target.ts';
import { itemIdsIn } from './item-ids-in.ts';
import { homeOf } from './pin.ts';
import type { ObjectCall } from './upstream-call.ts';

/** As much of what a provider says of an object as is kept to list it by. */
const MAX_JSON_BYTES = 8 * 1024;

/** Who answered. */
interface Answered {
  readonly candidate: Candidate;
  readonly face: TargetFace | null;
}

type Learner = Pick<Plane, 'owners' | 'clock'>;

/** Learns from a good whole answer whose what is and where: the ids in it are the caller's from now on. */
export function noteAnswer(
  exchange: Exchange,
  plane: Learner,
  by: Answered,
  body: Uint8Array,
): void {
  const { asks } = exchange;
  if (asks?.kind === 'object') noteAsked(exchange, plane, { asks, candidate: by.candidate }, body);
  else if (asks === null && keepsResponses(exchange, by)) {
    noteResponse(exchange, plane, by.candidate, { body, start: 0, end: body.byteLength });
  }
}

/**
 * The same from events of a stream: from its `first` ones the response, from the one that tells all of it its items. Before they reach the
 * caller, who may name them at once.
 */
export function noteStream(
  exchange: Exchange,
  plane: Learner,
  by: Answered,
  { events, first }: { readonly events: readonly Uint8Array[]; readonly first: boolean },
): void {
  if (!keepsResponses(exchange, by)) return;
  let noted = !first;
  for (const event of events) {
    if (noted && !tellsAll(event)) continue;
    const span = responseIn(event);
    if (span === null) continue;
    noteResponse(exchange, plane, by.candidate, span);
    noted = true;
  }
}

/** `response.completed` and `response.incomplete`, where every writer has it: in the event's name, or in the type before all else. */
const ENDS = ['response.completed', 'response.incomplete'].map((name) => Buffer.from(name));
const BEGINNING = 64;

function tellsAll(event: Uint8Array): boolean {
  const head = Buffer.from(event.buffer, event.byteOffset, Math.min(BEGINNING, event.byteLength));
  return ENDS.some((name) => head.includes(name));
}

function keepsResponses({ operation }: Exchange, { face }: Answered): boolean {
  return operation === 'responses' && face?.dialect === 'openai-responses';
}

interface Span {
  readonly body: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const NAMES = ['id', 'store', 'response', 'output_file_id', 'error_file_id', 'output'] as const;
const FIELDS = compileFields(NAMES);
const SPANS = createSpans(NAMES.length);
const DATA = Buffer.from('data:');

/** The response in the data of an event, where it has one (`response.created`). */
function responseIn(event: Uint8Array): Span | null {
  const bytes = Buffer.from(event.buffer, event.byteOffset, event.byteLength);
  const at = bytes.indexOf(DATA);
  if (at < 0) return null;
  const newline = bytes.indexOf(0x0a, at);
  const bounds = { start: at + DATA.length, end: newline < 0 ? bytes.length : newline };
  if (!skimObject(bytes, FIELDS, SPANS, bounds) || SPANS.kind[2] !== OBJECT) return null;
  return { body: bytes, start: SPANS.start[2] ?? 0, end: SPANS.end[2] ?? 0 };
}

/** A response that its provider does not keep belongs to nobody: no call can name it. */
function noteResponse(
  exchange: Exchange,
  plane: Learner,
  candidate: Candidate,
  { body, start, end }: Span,
): void {
  if (!skimObject(body, FIELDS, SPANS, { start, end })) return;
  const id = idAt(body, 0);
  const told = SPANS.kind[1] ?? ABSENT;
  const items = { start: SPANS.start[5] ?? 0, end: SPANS.end[5] ?? 0 };
  const hasItems = SPANS.kind[5] === ARRAY;
  if (id === null || told === FALSE || (told === ABSENT && asksNotToKeep(exchange))) return;
  keep(exchange, plane, candidate, { kind: 'response', id, json: null });
  const ids = hasItems ? itemIdsIn(body, items) : [];
  const like = ids.length === 0 ? null : ownedLike(exchange, plane, candidate);
  if (like !== null) plane.owners.learnedMany({ ...like, kind: 'item', json: null }, ids);
}

function asksNotToKeep({ body }: Exchange): boolean {
  const whole = { start: 0, end: body.byteLength };
  return skimObject(body, FIELDS, SPANS, whole) && SPANS.kind[1] === FALSE;
}

function noteAsked(
  exchange: Exchange,
  plane: Learner,
  { asks, candidate }: { readonly asks: ObjectCall; readonly candidate: Candidate },
  body: Uint8Array,
): void {
  const { object, about, effect } = asks;
  if (effect === 'gone' && object !== null) {
    const { kind, id, consumer } = object;
    plane.owners.learned({ action: 'drop', name: { kind, id, consumer } });
  }
  if (effect !== 'seen') return;
  if (!skimObject(body, FIELDS, SPANS, { start: 0, end: body.byteLength })) return;
  const id = idAt(body, 0);
  // What a batch wrote is its owner's like the batch itself.
  const written = about === 'batch' ? [idAt(body, 3), idAt(body, 4)] : [];
  if (id !== null && (object === null || object.id === id)) {
    const fits = about !== 'response' && body.byteLength <= MAX_JSON_BYTES;
    const json = fits
      ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
      : null;
    keep(exchange, plane, candidate, { kind: about, id, json, ...modelOf(asks, candidate) });
  }
  for (const file of written) {
    if (file !== null) keep(exchange, plane, candidate, { kind: 'file', id: file, json: null });
  }
}

/** The model that a batch's file was written for: of the file as it is uploaded, and of the batch by its file. */
function modelOf(
  { about, object, upstreamModel }: ObjectCall,
  { model }: Candidate,
): Pick<OwnedObject, 'upstreamModel'> {
  if (object !== null) return {};
  if (about === 'file') return { upstreamModel: model };
  return upstreamModel === undefined ? {} : { upstreamModel };
}

function idAt(body: Uint8Array, field: number): string | null {
  if (SPANS.kind[field] !== STRING) return null;
  const id = readString(body, SPANS.start[field] ?? 0, SPANS.end[field] ?? 0);
  return isObjectId(id) ? id : null;
}

function keep(
  exchange: Exchange,
  plane: Learner,
  candidate: Candidate,
  what: Pick<OwnedObject, 'kind' | 'id' | 'json' | 'upstreamModel'>,
): void {
  const like = ownedLike(exchange, plane, candidate);
  if (like !== null) plane.owners.learned({ action: 'keep', object: { ...what, ...like } });
}

/** What all that an answer tells of has in common; null where it is nobody's. */
function ownedLike(
  { consumer, modelName }: Exchange,
  { clock }: Learner,
  candidate: Candidate,
): Omit<OwnedObject, 'kind' | 'id' | 'json'> | null {
  if (consumer === null) return null;
  return {
    consumer: consumer.record.id,
    home: homeOf(candidate),
    model: modelName ?? '',
    createdAt: clock.wallNow(),
  };
}
