import { exceedsContext, isRestricted, missingFor } from '@keywell/core/keys/demands';
import type { Candidate } from '@keywell/core/keys/plan';
import type { Unfit } from '@keywell/core/keys/unfit';
import type { CallerDialect } from '@keywell/wire/edit/conversation';
import { demandsOf } from './demands-of.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { NamedTarget } from '../snapshot/live-snapshot.ts';
import { refuse, type Refusal } from '../pipeline/refusal.ts';
import {
  faceFor,
  targetOf,
  type TargetFace,
  type UpstreamTarget,
} from '../relay/upstream-target.ts';
import { droppedText } from './dropped-text.ts';
import { VIA } from '../seam/via.ts';
import { readingMatterOf } from './reading-matter.ts';
import type { Told } from './call-translation.ts';
import { isCounted } from './count-tokens.ts';
import { translationOf } from './translation-of.ts';

/** Why a candidate's model cannot take the call; null where nothing is known that speaks against it. Costs nothing to a plain call. */
export function unfitFor(exchange: Exchange, candidate: Candidate): Unfit | null {
  const { capabilities } = candidate;
  const { conversation, only, strict, translationFault } = exchange;
  if (only !== null && !isOnly(only, candidate)) return 'not_asked_for';
  if (conversation === null) return null;
  if (targetOf(candidate, VIA).faces.length === 0) return 'holds_no_conversations';
  if (exchange.operation === 'count_tokens') {
    return countingFace(exchange, candidate) === null ? 'counts_no_tokens' : null;
  }
  if (isTooLong(exchange, candidate)) return 'context_too_long';
  if (isRestricted(capabilities)) {
    exchange.demands ??= demandsOf(exchange);
    const lacks = missingFor(exchange.demands, capabilities);
    if (lacks !== null) return lacks;
  }
  return strict || translationFault !== null ? untold(exchange, candidate, conversation) : null;
}

/** Whether a candidate is the one model at the one provider that the caller named. */
const isOnly = ({ provider, model }: NamedTarget, candidate: Candidate): boolean =>
  candidate.provider.id === provider && candidate.model === model;

/** Attachments count by their bytes in no model's context. */
function isTooLong(exchange: Exchange, { capabilities }: Candidate): boolean {
  const { byteLength } = exchange.body;
  if (!exceedsContext(byteLength, capabilities)) return false;
  return exceedsContext(readingMatterOf(exchange).textBytes, capabilities);
}

function untold(
  exchange: Exchange,
  candidate: Candidate,
  conversation: CallerDialect,
): Unfit | null {
  const target = targetOf(candidate, VIA);
  const face = foreignFaceOf(conversation, target);
  if (face === null) return null;
  if (understand(exchange) !== null) return 'not_translatable';
  if (!exchange.strict) return null;
  const dropped = translationOf(exchange).lossFor(face, toldAs(candidate, target));
  if (dropped.length === 0) return null;
  exchange.dropped = dropped;
  return 'not_translatable';
}

/** How a candidate is asked to count; null where it does not count, or not in a dialect that says what. */
export function countingFace({ conversation }: Exchange, candidate: Candidate): TargetFace | null {
  if (conversation === null) return null;
  const face = faceFor(targetOf(candidate, VIA), conversation);
  return face === null || face.count === null || !isCounted(face.dialect) ? null : face;
}

/** What a candidate that speaks another dialect is sent. */
export function requestFor(
  exchange: Exchange,
  to: {
    readonly candidate: Candidate;
    readonly target: UpstreamTarget;
    readonly face: TargetFace;
  },
) {
  const { candidate, target, face } = to;
  return translationOf(exchange).requestFor(face, toldAs(candidate, target));
}

/** By what names a candidate is told a call. */
export const toldAs = ({ provider, model }: Candidate, { streamUsage }: UpstreamTarget): Told => ({
  provider: provider.id,
  model,
  includeUsage: streamUsage,
});

/** Reads the call for a provider that speaks another dialect; what is wrong with it, null where nothing is. */
function understand(exchange: Exchange): Refusal | null {
  const fault = translationOf(exchange).fault();
  if (fault === null) return null;
  exchange.translationFault ??= refuse(fault.code, fault.message, { param: fault.param });
  return exchange.translationFault;
}

/** Whether the candidate can be told the call at all. */
export function canBeTold(exchange: Exchange, candidate: Candidate): boolean {
  const { conversation } = exchange;
  if (conversation === null) return true;
  const face = foreignFaceOf(conversation, targetOf(candidate, VIA));
  return face === null || understand(exchange) === null;
}

/** How a target that does not speak a call's dialect is told it; null for one that does, and for one that holds no conversations. */
export function foreignFaceOf(
  conversation: CallerDialect,
  target: UpstreamTarget,
): TargetFace | null {
  const face = faceFor(target, conversation);
  return face?.dialect === conversation ? null : face;
}

const WORDS: Readonly<Record<Exclude<Unfit, 'not_asked_for'>, string>> = {
  context_too_long: 'the request is longer than the context',
  no_vision: 'it reads no images',
  no_audio: 'it hears no audio',
  no_files: 'it reads no documents',
  no_tools: 'it calls no tools',
  no_json: 'it keeps to no JSON schema',
  counts_no_tokens: 'its provider does not count tokens',
  holds_no_conversations: 'its provider holds no conversations',
  kept_elsewhere: 'it cannot reach what the request refers to',
  not_translatable: "a part of the request cannot be said in its provider's dialect",
};

/** What a caller is told whose call no model of the pool can take. */
export function incapableRefusal(
  exchange: Exchange,
  tiers: readonly { readonly excluded: readonly { readonly why: string }[] }[],
): Refusal {
  if (exchange.translationFault !== null) return exchange.translationFault;
  const whys = new Set(tiers.flatMap(({ excluded }) => excluded.map(({ why }) => why)));
  const said = Object.entries(WORDS).flatMap(([why, words]) => (whys.has(why) ? [words] : []));
  const dropped = whys.has('not_translatable') ? namesOf(exchange.dropped) : '';
  const message = `No model behind this name can take this request: ${said.join('; ')}${dropped}.`;
  return refuse('no_capable_model', message, { headers: ['x-should-retry', 'false'] });
}

const namesOf = (names: readonly string[]): string =>
  names.length === 0 ? '' : ` (${droppedText(names)})`;
