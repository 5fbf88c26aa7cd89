/** What the gateway does between a caller and a provider of two dialects, without the gateway. */
import type { AnswerStamp } from '../canonical/codec.ts';
import type { Dialect } from '../canonical/dialect.ts';
import { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import type { CanonicalResponse } from '../canonical/response.ts';
import { SAMPLE_REQUESTS, SAMPLE_RESPONSES, sampleRequest } from '../canonical/samples.contract.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import { CODECS, MODEL_OF, type Pair } from './codecs.contract.ts';

/** A body in some dialect, and what of the value it was made from is not in it. */
export interface Written {
  readonly body: JsonObject;
  readonly dropped: readonly string[];
}

/** As it is once it has been on a wire. */
function overTheWire(body: JsonObject): JsonObject {
  const value: unknown = JSON.parse(JSON.stringify(body));
  if (!isJsonObject(value)) throw new Error('a body is an object');
  return value;
}

function writeRequest(dialect: Dialect, request: CanonicalRequest): Written {
  const drops = new Drops();
  const asked = { ...request, model: MODEL_OF[dialect] };
  const body = CODECS[dialect].encodeRequest(asked, drops);
  return { body: overTheWire(body), dropped: drops.names };
}

function readRequest(dialect: Dialect, body: JsonObject): CanonicalRequest {
  const place = dialect === 'gemini' ? { model: 'gemini-2.5-pro', stream: false } : NOWHERE;
  const decoded = CODECS[dialect].decodeRequest(body, place);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.value;
}

const NOWHERE = { model: null, stream: null };

/** What stands in every answer of these tests. */
export function stampFor(dialect: Dialect): AnswerStamp {
  const asked = SAMPLE_REQUESTS.get('text') ?? sampleRequest([]);
  return {
    id: 'r1',
    model: MODEL_OF[dialect],
    createdAt: 1_760_000_000,
    includeUsage: true,
    request: readRequest(dialect, writeRequest(dialect, asked).body),
  };
}

export function writeResponse(dialect: Dialect, response: CanonicalResponse): Written {
  const drops = new Drops();
  const body = CODECS[dialect].encodeResponse(response, stampFor(dialect), drops);
  return { body: overTheWire(body), dropped: drops.names };
}

export function readResponse(dialect: Dialect, body: JsonObject): CanonicalResponse {
  const decoded = CODECS[dialect].decodeResponse(body, 'r1');
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.value;
}

/** A caller's body in the words of the provider. */
export function translateRequest({ caller, provider }: Pair, body: JsonObject): Written {
  return writeRequest(provider, readRequest(caller, body));
}

/** A provider's answer in the words of the caller. */
export function translateResponse({ caller, provider }: Pair, body: JsonObject): Written {
  return writeResponse(caller, readResponse(provider, body));
}

/** Every sample that a caller can ask in full, as that caller writes it. */
export function requestsOf(caller: Dialect): ReadonlyMap<string, JsonObject> {
  return wholeOnes(SAMPLE_REQUESTS, (request) => writeRequest(caller, request));
}

/** Every sample that a provider can answer in full, as that provider writes it. Proofs in its answers are its own. */
export function responsesOf(provider: Dialect): ReadonlyMap<string, JsonObject> {
  const own = [...SAMPLE_RESPONSES].filter(
    ([name]) => !name.startsWith(SIGNED) || name === SIGNED + provider,
  );
  return wholeOnes(new Map(own), (response) => writeResponse(provider, response));
}

const SIGNED = 'thinking signed by ';

function wholeOnes<T>(
  samples: ReadonlyMap<string, T>,
  write: (sample: T) => Written,
): ReadonlyMap<string, JsonObject> {
  const whole = new Map<string, JsonObject>();
  for (const [name, sample] of samples) {
    const { body, dropped } = write(sample);
    if (dropped.length === 0) whole.set(name, body);
  }
  return whole;
}
