import { isRestricted, NO_DEMANDS, type Demands } from '@keywell/core/keys/demands';
import type { CanonicalRequest } from '@keywell/wire/canonical/request';
import type { Part } from '@keywell/wire/canonical/content';
import type { Exchange } from '../pipeline/exchange.ts';
import type { LiveModel } from '../snapshot/live-snapshot.ts';
import { translationOf } from './translation-of.ts';

/**
 * Member names and types without which a request asks for nothing special, in any dialect. A quote inside of a text is escaped, so that
 * a text cannot hold one of these whole; where one is found the request is read to be sure.
 */
const SIGNS: readonly string[] = [
  '"image_url"',
  '"input_image"',
  '"image"',
  '"input_audio"',
  '"file"',
  '"input_file"',
  '"document"',
  '"inlineData"',
  '"inline_data"',
  '"fileData"',
  '"file_data"',
  '"tools"',
  '"functions"',
  '"json_schema"',
  '"responseSchema"',
  '"response_schema"',
  '"responseJsonSchema"',
];

const restricted = new WeakMap<LiveModel, boolean>();

/** Whether a model of the pool is known to lack anything; else no request has to be looked at. */
function restricts(model: LiveModel): boolean {
  const known = restricted.get(model);
  if (known !== undefined) return known;
  const is = model.pool.tiers.some(({ targets }) =>
    targets.some(({ capabilities }) => isRestricted(capabilities)),
  );
  restricted.set(model, is);
  return is;
}

/** What a call asks of a model; nothing where no model of its pool lacks anything, and where it cannot be told. */
export function demandsOf(exchange: Exchange): Demands {
  const { conversation, model, body } = exchange;
  if (conversation === null || model === null || !restricts(model)) return NO_DEMANDS;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!SIGNS.some((sign) => bytes.includes(sign))) return NO_DEMANDS;
  const decoded = translationOf(exchange).canonical();
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
