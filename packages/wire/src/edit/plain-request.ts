/**
 * Requests that are neither conversations nor of the old completions: pictures, sound, moderation, ranking. Only their model is read, and
 * edited; everything else is the provider's to judge. Sources: images, audio and moderations of the OpenAI SDK; rerank as Cohere and Jina
 * have it (https://docs.cohere.com/reference/rerank, https://jina.ai/reranker).
 */
import { compileFields } from '../json/field-set.ts';
import { ABSENT, NULL } from '../json/kind.ts';
import { scanObject } from '../json/scan.ts';
import { createSpans } from '../json/spans.ts';
import { fieldText, readForm } from '../multipart/read-form.ts';
import {
  isModelName,
  missing,
  modelAt,
  spanOf,
  wrong,
  type RequestFacts,
  type RequestRefusal,
} from './request-members.ts';

export type PlainRead = { readonly ok: true; readonly facts: RequestFacts } | RequestRefusal;

const FIELDS = compileFields(['model']);
const SPANS = createSpans(1);
const NO_OPTIONS = { optionsStart: -1, optionsEnd: -1, optionsKind: ABSENT } as const;
const NOWHERE = { start: -1, end: -1 } as const;
const PLAIN = {
  stream: false,
  includeUsage: true,
  maxOutputTokens: null,
  n: 1,
  stored: false,
} as const;

/** A JSON body. Where it names no model, `fallback` is meant: what the API documents as its default; null where it has none. */
export function readPlain(body: Uint8Array, fallback: string | null): PlainRead {
  const scan = scanObject(body, FIELDS, SPANS);
  if (!scan.ok) return { ok: false, code: scan.code, message: scan.message, param: null };
  const kind = scan.kind[0] ?? ABSENT;
  const model = kind === ABSENT || kind === NULL ? fallback : modelAt(body, scan, 0);
  if (model === null) return missing('model');
  if (typeof model !== 'string') return model;
  const { start, end } = kind === ABSENT ? NOWHERE : spanOf(scan, 0);
  const places = { first: scan.bodyStart + 1, modelStart: start, modelEnd: end, ...NO_OPTIONS };
  return { ok: true, facts: { ...PLAIN, model, places } };
}

/** A form, by its boundary. */
export function readPlainForm(body: Uint8Array, boundary: string): PlainRead {
  const form = readForm(body, boundary);
  if (!form.ok) return { ok: false, code: 'invalid_parameter', message: form.message, param: null };
  const found = fieldText(body, form.fields, 'model');
  if (found === null) return missing('model');
  if (found === 'twice') return wrong('model', 'given once');
  const { text: model, field } = found;
  if (!isModelName(model)) return wrong('model', 'a name of 1 to 256 characters');
  const { start, end } = field;
  const places = { first: -1, modelStart: start, modelEnd: end, raw: true, ...NO_OPTIONS } as const;
  return { ok: true, facts: { ...PLAIN, model, places } };
}
