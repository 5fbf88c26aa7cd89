import type { Dialect } from '@keywell/wire/canonical/dialect';
import type { DialectFace } from './dialect-face.ts';
import { OPENAI_OPERATIONS, type Operation, OPERATIONS } from './operations.ts';
import { rootOf } from './surface.ts';
import type { Vendor } from './vendor.ts';

/** What a path of a provider is for, where a call to it can be made by a route of its own. */
export type OwnUse = { readonly operation: Operation } | { readonly dialect: Dialect };

/** Tells what a path is for, from the host on and without escapes; null where no route leads there. */
export type OwnPathReader = (path: string) => OwnUse | null;

/** What is kept there belongs to somebody, and everything below it too. */
const KEPT: ReadonlySet<Operation> = new Set(['files', 'batches']);
const WITH_ALL_BELOW: ReadonlySet<Operation> = new Set([
  'files',
  'batches',
  'responses',
  'realtime',
]);
/** Dialects whose paths are so much their own that they are known behind any prefix; `/messages` is also a part of other APIs. */
const KNOWN_ANYWHERE: ReadonlySet<Dialect> = new Set(['openai-chat', 'openai-responses', 'gemini']);

interface OwnPath {
  readonly use: OwnUse;
  readonly pattern: RegExp;
}

/**
 * The paths of a vendor (as `configured` has it) that this gateway calls itself: of conversations and other operations of models, whatever
 * stands before them, and of what the vendor keeps. Case does not count, because it does not on every server.
 */
export function ownPaths(vendor: Vendor, baseUrl: string): OwnPathReader {
  const base = new URL(baseUrl).pathname.replace(/\/+$/, '');
  const root = rootOf(vendor, base) ?? base;
  const paths = [
    ...vendor.faces.flatMap((face) => pathsOfFace(face, face.from === 'root' ? root : base)),
    ...OPERATIONS.flatMap((operation) => pathsOfOperation(vendor, operation, { base, root })),
  ];
  return (path) => paths.find(({ pattern }) => pattern.test(path))?.use ?? null;
}

/** Stands for any model where paths are made to be compared with. */
const ANY = 'keywell-any-model';
/** Tuned models of Google stand below a collection of their own. */
const NAMES = [ANY, `tunedModels/${ANY}`];
const GOOGLE_VERBS = ['embedContent', 'batchEmbedContents', 'countTokens'];

function pathsOfFace(face: DialectFace, start: string): readonly OwnPath[] {
  const use = { dialect: face.dialect };
  const paths = NAMES.flatMap((model) => {
    const whole = face.path({ model, stream: false });
    const counted = face.countPath?.(model);
    const made = [whole, face.path({ model, stream: true })];
    if (counted !== undefined) made.push(counted);
    if (face.dialect === 'gemini') {
      made.push(...GOOGLE_VERBS.map((verb) => whole.replace(/:[^:/]*$/, `:${verb}`)));
    }
    return made;
  });
  const anywhere = KNOWN_ANYWHERE.has(face.dialect);
  return [...new Set(paths)].map((path) => ({
    use,
    pattern: patternOf(path, anywhere ? ANYWHERE : { start, below: false }),
  }));
}

function pathsOfOperation(
  { operations }: Vendor,
  operation: Operation,
  at: { readonly base: string; readonly root: string },
): readonly OwnPath[] {
  const place = operations[operation];
  if (place === undefined && KEPT.has(operation)) return [];
  const { path, from }: { readonly path: string; readonly from?: 'root' } =
    place === undefined || typeof place === 'string'
      ? { path: place ?? OPENAI_OPERATIONS[operation] }
      : place;
  const start = from === 'root' ? at.root : at.base;
  const use = { operation };
  const named = path.replaceAll('{model}', ANY);
  const there = { use, pattern: patternOf(named, { start, below: false }) };
  if (WITH_ALL_BELOW.has(operation)) {
    return [there, { use, pattern: patternOf(named, { start, below: true }) }];
  }
  // Where OpenAI has it, too: a server may take both.
  const usual = patternOf(OPENAI_OPERATIONS[operation], ANYWHERE);
  return [there, { use, pattern: usual }];
}

const ANYWHERE = { start: null, below: false } as const;
/** A base URL may lack the version that stands before every path. */
const VERSION = String.raw`(?:/v\d\w*)?`;

/** `start`: what stands before the path; null where anything may. */
function patternOf(
  path: string,
  { start, below }: { readonly start: string | null; readonly below: boolean },
): RegExp {
  const [bare = ''] = path.split('?', 1);
  const before = start === null ? '' : `^${literal(start)}${VERSION}`;
  const named = bare.split(ANY).map(literal).join('[^/]+');
  return new RegExp(`${before}${named}${below ? '/' : '$'}`, 'i');
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
