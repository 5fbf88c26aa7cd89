/** Requests of Gemini, read and written. */
import { readFileSync } from 'node:fs';
import { textPart } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import { turn } from '../canonical/sample-parts.contract.ts';
import { sampleRequest } from '../canonical/samples.contract.ts';
import type { JsonObject } from '../json/value.ts';
import { geminiCodec } from './codec.ts';

export const PLACE = { model: 'models/gemini-3-flash-preview', stream: true };

export function fixture(name: string): JsonObject {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8'));
}

export function decoded(body: JsonObject): CanonicalRequest {
  const result = geminiCodec.decodeRequest(body, PLACE);
  if (!result.ok) throw new Error(`${result.param}: ${result.message}`);
  return result.value;
}

export function encoded(request: CanonicalRequest): { body: JsonObject; drops: readonly string[] } {
  const drops = new Drops();
  const body = geminiCodec.encodeRequest(request, drops);
  return { body: JSON.parse(JSON.stringify(body)), drops: drops.names };
}

export const contents = (...parts: readonly JsonObject[]): JsonObject => ({
  contents: [{ role: 'user', parts }],
});
export const asked = (members: Partial<CanonicalRequest>, model = 'gemini-3-flash-preview') =>
  encoded(sampleRequest([turn('user', textPart('Hi'))], { model, ...members }));
