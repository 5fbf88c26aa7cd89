import { isJsonArray, isJsonObject, type JsonValue } from '../json/value.ts';

const WIDTH = 110;

/** JSON for people who compare: whatever fits into a line is one. */
export function foldedJson(value: JsonValue, indent = ''): string {
  const line = inOneLine(value);
  if (indent.length + line.length <= WIDTH) return line;
  const deeper = `${indent}  `;
  if (isJsonArray(value)) {
    const items = value.map((item) => `${deeper}${foldedJson(item, deeper)}`);
    return `[\n${items.join(',\n')}\n${indent}]`;
  }
  if (!isJsonObject(value)) return line;
  const members = Object.entries(value).map(
    ([name, member]) => `${deeper}${JSON.stringify(name)}: ${foldedJson(member ?? null, deeper)}`,
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}

function inOneLine(value: JsonValue): string {
  if (isJsonArray(value)) return `[${value.map(inOneLine).join(', ')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${inOneLine(member ?? null)}`,
  );
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
