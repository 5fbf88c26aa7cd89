import type { ConfigPath } from './config-problem.ts';

/** A map of fields in a file whose shape has not been proven, and where it stands. */
export interface LooseRecord {
  readonly path: ConfigPath;
  readonly get: (name: string) => unknown;
  readonly set: (name: string, value: unknown) => void;
}

/** The maps in a list; whatever else stands there is somebody else's problem to report. */
export function records(from: LooseRecord, name: string): readonly LooseRecord[] {
  const value = from.get(name);
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown, index) => {
    const record = loose(entry, [...from.path, name, index]);
    return record === null ? [] : [record];
  });
}

/** The texts in a list, with their indexes. */
export function texts(from: LooseRecord, name: string): readonly { index: number; text: string }[] {
  const value = from.get(name);
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown, index) =>
    typeof entry === 'string' ? [{ index, text: entry }] : [],
  );
}

/** A text field; null when it is absent or something else. */
export function text(from: LooseRecord, name: string): string | null {
  const value = from.get(name);
  return typeof value === 'string' ? value : null;
}

/** A value as a record of fields, or null. Inherited names are not fields. */
export function loose(value: unknown, path: ConfigPath = []): LooseRecord | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return {
    path,
    get: (name) => (Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined),
    set: (name, next) => void Reflect.set(value, name, next),
  };
}
