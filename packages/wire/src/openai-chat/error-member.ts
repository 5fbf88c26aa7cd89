import { ABSENT, FALSE, NULL, STRING } from '../json/kind.ts';

/**
 * Whether an `error` member of the given kind, `length` bytes long, is an error: hosts send null, false or an empty string where
 * there is none, and a string or an object where there is one.
 */
export function saysSomething(kind: number, length: number): boolean {
  return kind !== ABSENT && kind !== NULL && kind !== FALSE && !(kind === STRING && length === 2);
}
