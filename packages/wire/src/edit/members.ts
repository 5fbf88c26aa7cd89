/** Top-level members of a request that a host will not have, or will not do without, whatever its dialect says. */
import { COMMA, QUOTE, SPACE } from '../json/bytes.ts';
import { compileFields, type FieldSet } from '../json/field-set.ts';
import { ABSENT } from '../json/kind.ts';
import { scanObject } from '../json/scan.ts';
import { skipSpace } from '../json/skip.ts';
import { createSpans, type Spans } from '../json/spans.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { splice, type Allocate, type Edit } from './splice.ts';

export interface MemberEdit {
  /** Taken out, and named to the caller. */
  readonly unsupported: ReadonlySet<string>;
  /** Taken out: they are said elsewhere. */
  readonly without: ReadonlySet<string>;
  /** Put in the place of what is there. */
  readonly plus: JsonObject;
  readonly fields: FieldSet;
  readonly spans: Spans;
}

export interface EditedMembers<T> {
  readonly body: T;
  /** Names of the unsupported members that were there. */
  readonly dropped: readonly string[];
}

export function compileMemberEdit(of: {
  readonly unsupported: readonly string[];
  readonly without: readonly string[];
  readonly plus: JsonObject;
}): MemberEdit {
  const names = [...new Set([...of.unsupported, ...of.without, ...Object.keys(of.plus)])];
  return Object.freeze({
    unsupported: new Set(of.unsupported),
    without: new Set(of.without),
    plus: of.plus,
    fields: compileFields(names),
    spans: createSpans(names.length),
  });
}

/** The same with a request that is an object already. */
export function editObject(body: JsonObject, edit: MemberEdit): EditedMembers<JsonObject> {
  const edited: Record<string, JsonValue | undefined> = {};
  const dropped: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    // What is undefined is not written.
    if (value === undefined) continue;
    if (edit.unsupported.has(name)) dropped.push(name);
    else if (!edit.without.has(name)) edited[name] = value;
  }
  return { body: { ...edited, ...edit.plus }, dropped };
}

/** The body with the members taken out and put in, every other byte as it was. A body that is no object is left as it is. */
export function editMembers(
  body: Uint8Array,
  edit: MemberEdit,
  allocate?: Allocate,
): EditedMembers<Uint8Array> {
  const scan = scanObject(body, edit.fields, edit.spans);
  if (!scan.ok) return { body, dropped: [] };
  const edits: Edit[] = [];
  const dropped: string[] = [];
  const outs: Span[] = [];
  const plus: Record<string, JsonValue | undefined> = { ...edit.plus };
  for (const [field, name] of edit.fields.names.entries()) {
    if ((scan.kind[field] ?? ABSENT) === ABSENT) continue;
    const span = { start: scan.start[field] ?? 0, end: scan.end[field] ?? 0 };
    const value = plus[name];
    if (value !== undefined) {
      edits.push({ ...span, bytes: encoder.encode(JSON.stringify(value)) });
      delete plus[name];
      continue;
    }
    if (edit.unsupported.has(name)) dropped.push(name);
    outs.push(memberAt(body, span));
  }
  const added = Object.entries(plus).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`,
  );
  if (added.length > 0) {
    const at = scan.bodyStart + 1;
    edits.push({ start: at, end: at, bytes: encoder.encode(added.join('')) });
  }
  edits.push(...runsOf(body, outs).map((run) => ({ ...withComma(body, run), bytes: NOTHING })));
  return { body: splice(body, edits, allocate), dropped };
}

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

interface Span {
  readonly start: number;
  readonly end: number;
}

/** From the quote before a member's name to the end of its value. */
function memberAt(body: Uint8Array, { start: valueStart, end }: Span): Span {
  let start = valueStart - 1;
  while (body[start] !== QUOTE) start--;
  start--;
  while (body[start] !== QUOTE) start--;
  return { start, end };
}

/** Members that stand side by side go as one. */
function runsOf(body: Uint8Array, members: readonly Span[]): readonly Span[] {
  const runs: Span[] = [];
  for (const member of members.toSorted((a, b) => a.start - b.start)) {
    const last = runs.at(-1);
    const joins =
      last !== undefined && skipSpace(body, afterComma(body, last.end)) === member.start;
    if (joins) runs[runs.length - 1] = { start: last.start, end: member.end };
    else runs.push(member);
  }
  return runs;
}

/** With the comma behind it; where there is none, with the one before it. */
function withComma(body: Uint8Array, { start, end }: Span): Span {
  const after = afterComma(body, end);
  if (after > end) return { start, end: after };
  let before = start - 1;
  while ((body[before] ?? 0) <= SPACE && before > 0) before--;
  return { start: body[before] === COMMA ? before : start, end };
}

/** Behind the comma that follows, past white space; where none follows, the same place. */
function afterComma(body: Uint8Array, end: number): number {
  const next = skipSpace(body, end);
  return body[next] === COMMA ? next + 1 : end;
}
