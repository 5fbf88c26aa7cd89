import { setImmediate as breathe } from 'node:timers/promises';
import type { CallerDialect } from '@keywell/wire/edit/conversation';
import { isModelName, spanOf } from '@keywell/wire/edit/request-members';
import { splice, type Edit } from '@keywell/wire/edit/splice';
import { compileFields } from '@keywell/wire/json/field-set';
import { OBJECT, STRING } from '@keywell/wire/json/kind';
import { readString } from '@keywell/wire/json/read-value';
import { scanObject } from '@keywell/wire/json/scan';
import { createSpans } from '@keywell/wire/json/spans';
import { findReferences } from './find-references.ts';

/** As many as OpenAI takes (https://platform.openai.com/docs/guides/batch). */
const MAX_LINES = 50_000;
/** After so many bytes other calls are served first. */
const BREATH_BYTES = 512 * 1024;

/** What a file of requests for a batch is about: every one for the same model, and what they refer to. */
export interface BatchLines {
  readonly model: string;
  /** Where the model's name stands, with its quotes: offsets in the whole body. */
  readonly places: readonly Place[];
  /** Files that the requests name, each once. */
  readonly files: readonly string[];
  /** The last response that one of them goes on from; null where none does. */
  readonly previousResponses: readonly string[];
  /** A member by which one of them names what was not made here; null where none does. */
  readonly unowned: string | null;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

/** What is wrong with a line, in words. */
export interface BadLine {
  readonly wrong: string;
}

const REQUEST = compileFields(['url', 'body']);
const REQUEST_SPANS = createSpans(2);
const BODY = compileFields(['model']);
const BODY_SPANS = createSpans(1);
const NEWLINE = 0x0a;

/**
 * Reads the lines of a batch between two offsets of a body. They are read because a batch is carried out later, with the provider's key
 * and without this gateway: whatever model and files it names have to be the caller's to use now.
 */
export async function readBatchLines(
  body: Uint8Array,
  { start, end }: Place,
): Promise<BatchLines | BadLine> {
  const reading = new Reading();
  let number = 0;
  let breathed = start;
  for (let from = start; from < end;) {
    const newline = body.indexOf(NEWLINE, from);
    const to = newline < 0 || newline > end ? end : newline;
    number += 1;
    if (number > MAX_LINES) return { wrong: `A batch has at most ${MAX_LINES} lines.` };
    const wrong = reading.take(body, { start: from, end: to });
    if (wrong !== null) return { wrong: `Line ${number} of the batch ${wrong}.` };
    from = to + 1;
    if (from - breathed > BREATH_BYTES) {
      breathed = from;
      await breathe();
    }
  }
  return reading.lines() ?? { wrong: 'The batch has no request.' };
}

/** The whole body with another model named in every line. */
export function withModel(body: Uint8Array, lines: BatchLines, model: string): Uint8Array {
  if (model === lines.model) return body;
  const bytes = Buffer.from(JSON.stringify(model));
  return splice(
    body,
    lines.places.map((place): Edit => ({ ...place, bytes })),
  );
}

class Reading {
  readonly #places: Place[] = [];
  readonly #files = new Set<string>();
  readonly #responses = new Set<string>();
  #model: string | null = null;
  #unowned: string | null = null;

  /** What is wrong with the line; null where nothing is. */
  take(body: Uint8Array, { start, end }: Place): string | null {
    const line = body.subarray(start, end);
    if (isBlank(line)) return null;
    const request = scanObject(line, REQUEST, REQUEST_SPANS);
    if (!request.ok) return 'is not a JSON object';
    if (request.kind[1] !== OBJECT) return 'has no "body" that is an object';
    const url = request.kind[0] === STRING ? textAt(line, spanOf(request, 0)) : '';
    const inner = spanOf(request, 1);
    const called = line.subarray(inner.start, inner.end);
    const scan = scanObject(called, BODY, BODY_SPANS);
    if (!scan.ok) return 'has a "body" that is not read';
    if (scan.kind[0] !== STRING) return 'names no model';
    const at = spanOf(scan, 0);
    const model = textAt(called, at);
    if (!isModelName(model)) return 'names no model';
    this.#model ??= model;
    if (model !== this.#model) return 'names another model than those before it';
    const base = start + inner.start;
    this.#places.push({ start: base + at.start, end: base + at.end });
    return this.#refer(called, url);
  }

  #refer(called: Uint8Array, url: string): string | null {
    const found = findReferences(called, dialectAt(url));
    if (found === null) return null;
    if (found.conversation !== null) return 'names a conversation, which there is none of here';
    if (found.items.length > 0)
      return 'names items of an earlier response: it has to have the items themselves';
    this.#unowned ??= found.unowned;
    for (const file of found.files) this.#files.add(file);
    if (found.previousResponse !== null) this.#responses.add(found.previousResponse);
    return null;
  }

  lines(): BatchLines | null {
    if (this.#model === null) return null;
    return {
      model: this.#model,
      places: this.#places,
      files: [...this.#files],
      previousResponses: [...this.#responses],
      unowned: this.#unowned,
    };
  }
}

const dialectAt = (url: string): CallerDialect =>
  url.startsWith('/v1/responses') ? 'openai-responses' : 'openai-chat';

function textAt(bytes: Uint8Array, { start, end }: Place): string {
  return readString(bytes, start, end);
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
