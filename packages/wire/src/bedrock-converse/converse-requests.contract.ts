/** What the tests of requests share. */
import { readFileSync } from 'node:fs';
import { textPart } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import { turn } from '../canonical/sample-parts.contract.ts';
import { SAMPLE_REQUESTS } from '../canonical/samples.contract.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { converseCodec } from './codec.ts';

export const CLAUDE = 'us.anthropic.claude-sonnet-4-20250514-v1:0';
export const HELLO = turn('user', textPart('Hello'));

export function encode(request: CanonicalRequest, model = CLAUDE) {
  const drops = new Drops();
  return { body: converseCodec.encodeRequest({ ...request, model }, drops), drops: drops.names };
}

export function decode(body: JsonObject): CanonicalRequest {
  const decoded = converseCodec.decodeRequest(body, { model: 'm', stream: false });
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.value;
}

export const sample = (name: string): CanonicalRequest => {
  const request = SAMPLE_REQUESTS.get(name);
  if (request === undefined) throw new Error(`there is no sample "${name}"`);
  return request;
};

export function fixture(name: string): JsonObject {
  const value: unknown = JSON.parse(
    readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8'),
  );
  if (!isJsonObject(value)) throw new Error('no object');
  return value;
}

/** Where in a body a member of this name stands, anywhere. */
export function membersNamed(value: JsonValue | undefined, name: string): JsonValue[] {
  if (isJsonArray(value)) return value.flatMap((each) => membersNamed(each, name));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([member, inner]) => {
    const deeper = membersNamed(inner, name);
    return member === name && inner !== undefined ? [inner].concat(deeper) : deeper;
  });
}
