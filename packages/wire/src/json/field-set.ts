/** Limits of what a scan reads. */
export const MAX_DEPTH = 64;
export const MAX_KEYS = 10_000;
/** In all objects of a body together: whoever has to parse it does so at once. */
export const MAX_KEYS_IN_ALL = 500_000;

/** The top-level members a scan looks for, compiled once. */
export interface FieldSet {
  readonly names: readonly string[];
  readonly bytes: readonly Uint8Array[];
  /** Bit n is set when a name has n bytes; longer names are not taken. */
  readonly lengths: number;
}

/** @throws RangeError when a name is not 1 to 30 bytes of ASCII: names are ours, never a caller's */
export function compileFields(names: readonly string[]): FieldSet {
  const bytes = names.map(asciiBytes);
  let lengths = 0;
  for (const name of bytes) lengths |= 1 << name.length;
  return Object.freeze({ names, bytes, lengths });
}

/** The index of the field with the name that lies in `source` from `start` to `end`, -1 where it is none of them. */
export function matchField(
  fields: FieldSet,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  const length = end - start;
  if (length > 30 || (fields.lengths & (1 << length)) === 0) return -1;
  const { bytes } = fields;
  for (let i = 0; i < bytes.length; i++) {
    const name = bytes[i];
    if (name !== undefined && name.length === length && bytesAt(source, start, name)) return i;
  }
  return -1;
}

/** Whether `source` has the given bytes at `position`. */
export function bytesAt(source: Uint8Array, position: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (source[position + i] !== bytes[i]) return false;
  return true;
}

/** The bytes of a short name made of ASCII only. */
export function asciiBytes(name: string): Uint8Array {
  if (!/^[\x21-\x7e]{1,30}$/.test(name)) throw new RangeError(`not a field name: ${name}`);
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}
