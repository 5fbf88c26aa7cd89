import { z } from 'zod';

/** What would be right in a field, in words that finish the sentence "write …"; kept beside the schema, never in the published one. */
const hints = z.registry<{ hint: string }>();

/** A schema with its description (published) and the hint that an error shows. */
export function field<S extends z.ZodType>(schema: S, description: string, hint: string): S {
  const described = schema.meta({ description });
  hints.add(described, { hint });
  return described;
}

/** The hint of a schema, looked for in its wrappers too; empty when none was given. */
export function hintOf(schema: z.ZodType | null): string {
  let at: unknown = schema;
  while (at instanceof z.ZodType) {
    const found = hints.get(at);
    if (found !== undefined) return found.hint;
    if (!isWrapper(at)) return '';
    at = at.unwrap();
  }
  return '';
}

/** The schema of a field, reached by the path of an issue; null where the path leaves the schema. */
export function schemaAt(root: z.ZodType, path: readonly PropertyKey[]): z.ZodType | null {
  let at: z.ZodType = root;
  for (const step of path) {
    const next = within(bare(at), String(step));
    if (!(next instanceof z.ZodType)) return null;
    at = next;
  }
  return at;
}

function within(schema: z.ZodType, step: string): unknown {
  if (schema instanceof z.ZodArray) return schema.element;
  if (!(schema instanceof z.ZodObject)) return null;
  const shape: Record<string, unknown> = schema.shape;
  return Object.hasOwn(shape, step) ? shape[step] : null;
}

/** The schema inside `optional`, `default` and the like. */
export function bare(schema: z.ZodType): z.ZodType {
  let at: z.ZodType = schema;
  while (isWrapper(at)) {
    const inner: unknown = at.unwrap();
    if (!(inner instanceof z.ZodType)) return at;
    at = inner;
  }
  return at;
}

/** The names an object schema knows; empty for anything else. */
export function namesOf(schema: z.ZodType | null): readonly string[] {
  const inner = schema === null ? null : bare(schema);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

type Wrapper = z.ZodOptional | z.ZodDefault | z.ZodNullable | z.ZodPrefault;

function isWrapper(schema: unknown): schema is Wrapper {
  return (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable
  );
}
