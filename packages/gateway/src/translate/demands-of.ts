import { NO_DEMANDS, type Demands } from '@keywell/core/keys/demands';
import type { ModelCapabilities } from '@keywell/core/snapshot/snapshot';
import type { CanonicalRequest } from '@keywell/wire/canonical/request';
import type { Part } from '@keywell/wire/canonical/content';
import type { Exchange } from '../pipeline/exchange.ts';
import type { LiveModel } from '../snapshot/live-snapshot.ts';
import { translationOf } from './translation-of.ts';

/**
 * Member names and types without which a request asks for nothing special, in any dialect, by what a model may lack. A quote inside of a
 * text is escaped, so that a text cannot hold one of these whole; where one is found the request is read to be sure.
 */
const GOOGLES = ['"inlineData"', '"inline_data"', '"fileData"', '"file_data"'];
const SIGNS = {
  vision: ['"image_url"', '"input_image"', '"image"', ...GOOGLES],
  audioInput: ['"input_audio"', ...GOOGLES],
  files: ['"file"', '"input_file"', '"document"', ...GOOGLES],
  tools: ['"tools"', '"functions"'],
  json: ['"json_schema"', '"responseSchema"', '"response_schema"', '"responseJsonSchema"'],
} satisfies Partial<Record<keyof ModelCapabilities, readonly string[]>>;
const FLAGS = Object.entries(SIGNS);

const looked = new WeakMap<LiveModel, readonly string[]>();

/** What to look for: the signs of what some model of the pool is known to lack. None where nothing is. */
function signsFor(model: LiveModel): readonly string[] {
  const known = looked.get(model);
  if (known !== undefined) return known;
  const targets = model.pool.tiers.flatMap((tier) => tier.targets);
  const lacked = FLAGS.filter(([flag]) =>
    targets.some(({ capabilities }) => Reflect.get(capabilities, flag) === false),
  );
  const signs = [...new Set(lacked.flatMap(([, names]) => names))];
  looked.set(model, signs);
  return signs;
}

/** What a call asks of a model; nothing where no model of its pool lacks anything, and where it cannot be told. */
export function demandsOf(exchange: Exchange): Demands {
  const { conversation, model } = exchange;
  if (conversation === null || model === null) return NO_DEMANDS;
  const signs = signsFor(model);
  if (signs.length === 0) return NO_DEMANDS;
  const translation = translationOf(exchange);
  // Attachments are no names: what is searched is small, whatever hangs on it.
  const { buffer, byteOffset, byteLength } = translation.words();
  const words = Buffer.from(buffer, byteOffset, byteLength);
  if (!signs.some((sign) => words.includes(sign))) return NO_DEMANDS;
  const decoded = translation.canonical();
  return decoded.ok ? demandsIn(decoded.value) : NO_DEMANDS;
}

function demandsIn({ turns, tools, output }: CanonicalRequest): Demands {
  const kinds = new Set<Part['kind']>();
  for (const { parts } of turns) {
    for (const part of parts) {
      kinds.add(part.kind);
      if (part.kind === 'tool_result') for (const inner of part.content) kinds.add(inner.kind);
    }
  }
  return {
    vision: kinds.has('image'),
    audio: kinds.has('audio'),
    files: kinds.has('file'),
    tools: tools.length > 0,
    json: output?.kind === 'json_schema',
  };
}
