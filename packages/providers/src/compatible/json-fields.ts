/** The fields of a JSON object; null for everything that is none. */
export function fieldsOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return asFields(JSON.parse(text));
  } catch {
    return null;
  }
}

/** A value as an object's fields; null for lists, texts, numbers and null. */
export function asFields(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return { ...value };
}
