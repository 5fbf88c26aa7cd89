import { defineVendor } from '../define-vendor.ts';
import { CHAT_FACE, type DialectFace, type FaceOf } from '../dialect-face.ts';
import { COMPATIBLE_FAILURES } from '../failures.ts';
import { COMPATIBLE_LIMITS } from '../limit-headers.ts';
import { atOpenAisPlace, type Operation, type Operations } from '../operations.ts';
import type { Vendor } from '../vendor.ts';

/**
 * A host of which no more is known than where it is and what it can be asked: its refusals and limit headers are read as any compatible
 * host's. One that has words of its own gets a folder.
 */
export interface HostRow {
  readonly kind: string;
  /** Its name among people. */
  readonly name: string;
  /** URL up to and including the API prefix; null where every account or installation has one of its own. */
  readonly baseUrl: string | null;
  readonly baseUrlForm?: string;
  /** The page that says so. */
  readonly source: string;
  /** Whether the URL was seen in public pages or registries when the row was written, as opposed to remembered. */
  readonly verified: boolean;
  /** Those it has where OpenAI has them; by default chat alone. */
  readonly operations?: readonly Operation[];
  /** Those it has elsewhere. */
  readonly elsewhere?: Operations;
  /** The dialects it speaks; by default OpenAI's chat alone. */
  readonly faces?: readonly DialectFace[];
  readonly prefixes?: readonly string[];
  /** False on hosts that can be run without a key. */
  readonly needsKey?: boolean;
}

/** For hosts that know the older name of the output limit only, as LiteLLM's registry of compatible hosts has it of them. */
export const OLD_LIMIT_CHAT: FaceOf<'openai-chat'> = { ...CHAT_FACE, maxTokensField: 'max_tokens' };

/** A vendor from a row. No list of models is asked for free: many hosts show it to anybody, so that it proves nothing about a key. */
export function hostVendor(row: HostRow): Vendor {
  const { kind, baseUrl, baseUrlForm, prefixes } = row;
  return defineVendor({
    kind,
    baseUrl,
    ...(baseUrlForm === undefined ? {} : { baseUrlForm }),
    ...(prefixes === undefined ? {} : { prefixes }),
    needsKey: row.needsKey ?? true,
    operations: Object.freeze({
      ...atOpenAisPlace(...(row.operations ?? ['chat.completions'])),
      ...row.elsewhere,
    }),
    faces: row.faces ?? [CHAT_FACE],
    failures: COMPATIBLE_FAILURES,
    limits: COMPATIBLE_LIMITS,
    credentialCheck: null,
  });
}
