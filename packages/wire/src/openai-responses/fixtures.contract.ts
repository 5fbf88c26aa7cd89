/** Recorded bodies and streams, for the tests of this folder. */
import { readFileSync } from 'node:fs';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/value.ts';

export function readFixture(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
}

export function readJsonFixture(name: string): JsonObject {
  return objectOf(readFixture(`${name}.json`));
}

/** JSON text of an object; throws where it is none. */
function objectOf(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new Error('no JSON object');
  return value;
}

/** What tests made up, as the decoders get it. */
export function listOf(items: readonly unknown[]): readonly JsonValue[] {
  const list = objectOf(JSON.stringify({ list: items }))['list'];
  if (!Array.isArray(list)) throw new Error('no list');
  return list;
}
