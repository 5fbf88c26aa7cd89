import type { AnswerStamp, Decoded } from '@keywell/wire/canonical/codec';
import type { CanonicalRequest } from '@keywell/wire/canonical/request';
import { Drops } from '@keywell/wire/canonical/drops';
import type { CallerDialect } from '@keywell/wire/edit/conversation';
import type { RequestFacts } from '@keywell/wire/edit/request-members';
import { editObject } from '@keywell/wire/edit/members';
import { isJsonObject, type JsonObject } from '@keywell/wire/json/value';
import { liftStrings, lowerApart, type Lifted } from '@keywell/wire/lift/lift-strings';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import type { TargetFace } from '../relay/upstream-target.ts';
import type { OutboundBody } from '../seam/outbound.ts';
import { decodeCount, encodeCount, isCounted } from './count-tokens.ts';
import { chatCodecLoaded, codecOf } from './codec-of.ts';
import { textOf } from './json-in.ts';

/** The call as it came. */
export interface SpokenCall {
  readonly id: string;
  readonly dialect: CallerDialect;
  readonly body: Uint8Array;
  readonly facts: RequestFacts;
  /** Whether its tokens are to be counted, and nothing else. */
  readonly counts: boolean;
  /** Epoch milliseconds. */
  readonly wallStartedAt: number;
}

/** A request in a provider's dialect. */
export interface TranslatedRequest {
  /** In pieces where something large is attached: that is in it as it came. */
  readonly body: OutboundBody;
  /** What that dialect cannot say. */
  readonly dropped: readonly string[];
}

/** Who is told it. */
export interface Told {
  /** The provider's id: two that speak one dialect may want different things of it. */
  readonly provider: string;
  readonly model: string;
  readonly includeUsage: boolean;
}

/** What was written last, and for whom. */
interface Written {
  readonly to: Told;
  readonly dialect: Dialect;
  readonly request: TranslatedRequest;
}

const keyOf = ({ dialect }: TargetFace, { provider, model }: Told): string =>
  `${provider}\n${dialect}\n${model}`;

const NO_TURNS: CanonicalRequest['turns'] = Object.freeze([]);

function encode(face: TargetFace, request: CanonicalRequest, drops: Drops): JsonObject {
  if (face.dialect !== 'openai-chat') return codecOf(face.dialect).encodeRequest(request, drops);
  return chatCodecLoaded().encodeRequest(request, drops, face.chat);
}

/** One call in the words of providers that do not speak its dialect; understood once, and only when the first such provider is asked. */
export class CallTranslation {
  readonly #call: SpokenCall;
  #lifted: Lifted | null = null;
  /** The body as JSON, until it is understood. */
  #parsed: { readonly value: unknown } | null = null;
  #decoded: Decoded<CanonicalRequest> | null = null;
  /** Its turns are let go once it was told a provider: what is answered hours later may have been long. */
  #told: CanonicalRequest | null = null;
  #last: Written | null = null;
  /** What of it is lost on those who were asked so far, by `keyOf` them. */
  #losses: Map<string, readonly string[]> | null = null;

  constructor(call: SpokenCall) {
    this.#call = call;
  }

  /** Whether the request for a model at a provider that speaks `face` is there already: it was told so before. */
  isWritten(face: TargetFace, to: Told): boolean {
    return this.#writtenFor(face, to) !== null;
  }

  #writtenFor({ dialect }: TargetFace, to: Told): TranslatedRequest | null {
    const last = this.#last;
    return last !== null &&
      last.dialect === dialect &&
      last.to.provider === to.provider &&
      last.to.model === to.model &&
      last.to.includeUsage === to.includeUsage
      ? last.request
      : null;
  }

  /** The first half of understanding it, where that is done in steps. */
  parse(): void {
    this.#parsed ??= { value: this.#json() };
  }

  /** What the call says; a refusal where it is not written as its dialect wants it. */
  canonical(): Decoded<CanonicalRequest> {
    this.#decoded ??= this.#decode();
    return this.#decoded;
  }

  /** What is wrong with it; null where nothing is, which is looked at once. */
  fault(): Extract<Decoded<CanonicalRequest>, { ok: false }> | null {
    if (this.#told !== null) return null;
    const decoded = this.canonical();
    return decoded.ok ? null : decoded;
  }

  /** The request for a model at a provider that speaks `face`. Only after `canonical` was fine. */
  requestFor(face: TargetFace, to: Told): TranslatedRequest {
    const before = this.#writtenFor(face, to);
    if (before !== null) return before;
    const request = this.#understood();
    const drops = new Drops();
    const asked = { ...request, model: to.model, includeUsage: to.includeUsage };
    const written =
      this.#call.counts && isCounted(face.dialect)
        ? encodeCount(asked, face.dialect, drops)
        : encode(face, asked, drops);
    const edited = face.edit === null ? null : editObject(written, face.edit);
    for (const name of edited?.dropped ?? []) drops.add(name);
    const text = JSON.stringify(edited?.body ?? written);
    const translated = { body: this.#lower(text), dropped: drops.names };
    this.#last = { to, dialect: face.dialect, request: translated };
    this.#told = { ...request, turns: NO_TURNS };
    this.#decoded = null;
    return translated;
  }

  /** What a provider that speaks `face` cannot be told of it; written for it at the first question, and not again. */
  lossFor(face: TargetFace, to: Told): readonly string[] {
    const key = keyOf(face, to);
    const known = this.#losses?.get(key);
    if (known !== undefined) return known;
    const { dropped } = this.requestFor(face, to);
    this.#losses ??= new Map();
    this.#losses.set(key, dropped);
    return dropped;
  }

  /** Whether `lossFor` has nothing left to write. */
  knowsLoss(face: TargetFace, to: Told): boolean {
    return this.#losses?.has(keyOf(face, to)) === true;
  }

  /** What an answer in the caller's dialect needs to know of the call: all but what was said in it. */
  stamp(upstreamModel: string): AnswerStamp {
    const request = this.#told ?? this.#understood();
    const { id, facts, wallStartedAt } = this.#call;
    return {
      id,
      model: upstreamModel,
      createdAt: Math.floor(wallStartedAt / 1000),
      includeUsage: facts.includeUsage,
      request,
    };
  }

  /** The call without its attachments, as it came. */
  words(): Uint8Array {
    return this.#lift().small;
  }

  /** Bytes of the call without its attachments, and how many of those there are. */
  matter(): { readonly textBytes: number; readonly attachments: number } {
    const { small, strings } = this.#lift();
    return { textBytes: small.byteLength, attachments: strings.length };
  }

  #understood(): CanonicalRequest {
    const decoded = this.canonical();
    if (!decoded.ok) throw new Error('a request that was not understood cannot be translated');
    return decoded.value;
  }

  #lower(text: string): OutboundBody {
    const strings = this.#lifted?.strings ?? [];
    return strings.length === 0 ? text : lowerApart(text, strings);
  }

  #lift(): Lifted {
    this.#lifted ??= liftStrings(this.#call.body);
    return this.#lifted;
  }

  #json(): unknown {
    const { small } = this.#lift();
    return JSON.parse(textOf(small));
  }

  #decode(): Decoded<CanonicalRequest> {
    const { dialect, facts } = this.#call;
    const parsed = this.#parsed === null ? this.#json() : this.#parsed.value;
    this.#parsed = null;
    if (!isJsonObject(parsed)) {
      return {
        ok: false,
        code: 'malformed_json',
        message: 'The body is not a JSON object.',
        param: null,
      };
    }
    const { model, stream } = facts;
    if (this.#call.counts) return decodeCount(parsed, dialect, model);
    return codecOf(dialect).decodeRequest(parsed, { model, stream });
  }
}
