import {
  type Document,
  LineCounter,
  type ParsedNode,
  type YAMLError,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from 'yaml';
import type { ConfigProblem } from '@keywell/contract/config/config-problem';
import { type Locate, type Place, type Problem, fileProblem } from './problem.ts';

/** Largest file that is read. */
export const MAX_FILE_BYTES: number = 4 * 1024 * 1024;
/** How often anchors may be repeated in all: enough for tidy files, too little for an alias bomb. */
const MAX_ALIAS_COUNT = 1000;
/** Far deeper than any configuration, and shallow enough for the parser's stack. */
const MAX_DEPTH = 256;

export type ParsedText =
  | { readonly ok: true; readonly value: unknown; readonly locate: Locate }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a configuration as YAML 1.2 or JSON (which is YAML) and remembers where everything stands. Never quotes the text in a message:
 * a broken line may hold a credential.
 */
export function parseText(bytes: Uint8Array, file: string): ParsedText {
  const refuse = (message: string, hint: string): ParsedText => ({
    ok: false,
    problems: [fileProblem(file, message, hint)],
  });
  if (bytes.length > MAX_FILE_BYTES)
    return refuse('The file is larger than 4 MiB.', 'Split what does not belong to it off.');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('The file is not text in UTF-8.', 'Save it as UTF-8.');
  }
  const tooDeep = depthFault(text);
  if (tooDeep) return refuse('The file nests deeper than 256 levels.', 'Write it flatter.');
  const lines = new LineCounter();
  try {
    return read(text, file, lines);
  } catch (error) {
    if (error instanceof RangeError)
      return refuse('The file nests too deeply to be read.', 'Write it flatter.');
    throw error;
  }
}

function read(text: string, file: string, lines: LineCounter): ParsedText {
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
    prettyErrors: false,
    uniqueKeys: true,
    strict: true,
    logLevel: 'error', // 'silent' would also keep quiet about a second document
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.some((fault) => fault.code === 'RESOURCE_EXHAUSTION'))
    throw new RangeError('nests too deeply');
  const problems = faults.map((fault): Problem => {
    const { line, column } = placeAt(fault.pos[0]);
    const { message, hint } = explainFault(fault);
    return { file, line, column, path: '', message, hint };
  });
  problems.push(...oddKeys(document, file, placeAt));
  if (problems.length > 0) return { ok: false, problems };
  if (document.contents === null)
    return { ok: false, problems: [fileProblem(file, 'The file is empty.', START_HINT)] };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const message = 'Anchors are repeated too often, or are not known where they are used.';
    return { ok: false, problems: [fileProblem(file, message, 'Write the values out.')] };
  }
  return { ok: true, value, locate: locator(document, placeAt) };
}

const START_HINT = 'Start with "version: 1"; docs/guides/configuration.md shows a whole file.';

/** A cheap look at flow nesting before a recursive parser sees the text; block nesting costs a line a level and is bounded by it. */
function depthFault(text: string): boolean {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, (depth += 1));
    else if ((code === 0x5d || code === 0x7d) && depth > 0) depth -= 1;
  }
  return deepest > MAX_DEPTH;
}

interface Explained {
  readonly message: string;
  readonly hint: string;
}

const BAD_TEXT: Explained = {
  message: 'The text starts or breaks in a way YAML does not allow.',
  hint: 'Put it in quotes.',
};

/** The parser's faults in our words; its own quote the text. */
const FAULTS: ReadonlyMap<string, Explained> = new Map([
  ['DUPLICATE_KEY', { message: 'This field is there twice.', hint: 'Remove one of the two.' }],
  [
    'MULTIPLE_DOCS',
    {
      message: 'The file holds more than one document.',
      hint: 'Remove the line "---" and what follows it, or merge the two.',
    },
  ],
  ['TAB_AS_INDENT', { message: 'A tab is used to indent.', hint: 'Indent with spaces.' }],
  [
    'BAD_INDENT',
    {
      message: 'The indentation does not fit.',
      hint: 'Indent the fields of one record equally, and deeper than its parent.',
    },
  ],
  [
    'MISSING_CHAR',
    {
      message: 'A quote, bracket, comma or colon is missing here.',
      hint: 'Close what was opened; after the name of a field comes ": ".',
    },
  ],
  [
    'BAD_DQ_ESCAPE',
    {
      message: 'There is an unknown escape in double quotes.',
      hint: 'Write a backslash as "\\\\", or use single quotes.',
    },
  ],
  ['TAG_RESOLVE_FAILED', { message: 'Tags ("!…") are not known here.', hint: 'Remove the tag.' }],
  ['BAD_SCALAR_START', BAD_TEXT],
  ['MULTILINE_IMPLICIT_KEY', BAD_TEXT],
  [
    'BAD_ALIAS',
    { message: 'This alias ("*…") names no anchor before it.', hint: 'Write the value out.' },
  ],
]);

function explainFault(fault: YAMLError): Explained {
  const known = FAULTS.get(fault.code);
  if (known !== undefined) return known;
  return {
    message: `This is not valid YAML (${fault.code.toLowerCase().replaceAll('_', ' ')}).`,
    hint: 'Check indentation, quotes and brackets of this line and the one before.',
  };
}

/** Names of fields that are not plain text, or that mean something to JavaScript. */
function oddKeys(
  document: Document.Parsed,
  file: string,
  placeAt: (offset: number) => Place,
): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Pair(_, pair) {
      const { key } = pair;
      if (isScalar(key) && typeof key.value === 'string' && key.value !== '__proto__') return;
      const offset = isScalar(key) || isMap(key) || isSeq(key) ? (key.range?.[0] ?? 0) : 0;
      problems.push({
        file,
        ...placeAt(offset),
        path: '',
        message: 'This is not the name of a field.',
        hint: 'Names of fields are plain words, such as "id".',
      });
    },
  });
  return problems;
}

function locator(document: Document.Parsed, placeAt: (offset: number) => Place): Locate {
  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  return (path, at) => {
    let node: unknown = resolved(document.contents);
    let offset = offsetOf(node) ?? 0;
    for (const [index, step] of path.entries()) {
      const last = index === path.length - 1;
      const next = stepInto(node, step);
      if (next === null) break;
      if (last && at === 'name') return placeAt(offsetOf(next.name) ?? offset);
      offset = offsetOf(next.value) ?? offsetOf(next.name) ?? offset;
      node = resolved(next.value);
    }
    return placeAt(offset);
  };
}

function stepInto(
  node: unknown,
  step: ConfigProblem['path'][number],
): { name: unknown; value: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find((each) => isScalar(each.key) && each.key.value === step);
    return pair === undefined ? null : { name: pair.key, value: pair.value };
  }
  if (isSeq(node) && typeof step === 'number' && step < node.items.length)
    return { name: node.items[step], value: node.items[step] };
  return null;
}

function offsetOf(node: unknown): number | null {
  if (!isAlias(node) && !isScalar(node) && !isMap(node) && !isSeq(node)) return null;
  const range: ParsedNode['range'] | null | undefined = node.range;
  return range?.[0] ?? null;
}
