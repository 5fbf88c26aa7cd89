import { Secret } from '@keywell/core/secret/secret';
import { readSmallFile } from '../private-file.ts';

const MAX_SECRET_BYTES = 65_536;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export type ResolvedSecret =
  | {
      readonly ok: true;
      readonly secret: Secret;
      /** True when the value itself stood in the configuration, which deserves a warning. */
      readonly literal: boolean;
    }
  /** What is wrong and what would be right; never shows a value. */
  | { readonly ok: false; readonly message: string };

/**
 * Turns `env:NAME` or `file:/path` into the secret it names; anything else is the secret itself. A file's one trailing line break does
 * not belong to the secret. `env` is the reader of the environment.
 */
export function resolveSecret(
  reference: string,
  env: (name: string) => string | undefined,
): ResolvedSecret {
  if (reference.startsWith('env:')) return fromEnvironment(reference.slice(4), env);
  if (reference.startsWith('file:')) return fromFile(reference.slice(5));
  return fromLiteral(reference);
}

/** Whether a configuration value names a secret kept elsewhere. */
export function isSecretReference(value: string): boolean {
  return value.startsWith('env:') || value.startsWith('file:');
}

function fromEnvironment(name: string, env: (name: string) => string | undefined): ResolvedSecret {
  if (!NAME.test(name)) {
    return problem('after "env:" comes the name of an environment variable, as in env:OPENAI_KEY');
  }
  const value = env(name);
  if (value === undefined) {
    return problem(`the environment variable ${name} is not set; set it before starting`);
  }
  if (value === '') return problem(`the environment variable ${name} is empty; give it the secret`);
  return { ok: true, secret: new Secret(value), literal: false };
}

function fromFile(path: string): ResolvedSecret {
  if (path === '') return problem('after "file:" comes a path, as in file:/run/secrets/openai-key');
  const read = readSmallFile(path, MAX_SECRET_BYTES);
  if (!read.ok)
    return problem(`the file ${path} cannot be used: ${explain(read.code, read.message)}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(read.bytes);
  } catch {
    return problem(`the file ${path} is not text in UTF-8; write the secret into it as text`);
  }
  const value = text.replace(/\r?\n$/, '');
  if (value === '') return problem(`the file ${path} is empty; write the secret into it`);
  return { ok: true, secret: new Secret(value), literal: false };
}

function fromLiteral(value: string): ResolvedSecret {
  if (value === '') return problem('it is empty; write env:NAME or file:/path');
  const scheme = /^\s*(env|file)\s*:/i.exec(value)?.[1]?.toLowerCase();
  if (scheme !== undefined) {
    return problem(`references are written without spaces and in lower case, as in ${scheme}:…`);
  }
  if (/^\$\{?[A-Za-z_][A-Za-z0-9_]*\}?$/.test(value)) {
    return problem('variables are not replaced here; write env:NAME');
  }
  return { ok: true, secret: new Secret(value), literal: true };
}

function explain(code: string, message: string): string {
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return 'it does not exist; create it, or correct the path';
  if (code === 'EACCES') return 'this process may not read it; give its user the right to read it';
  if (code === 'EFBIG') return `${message}; a secret file holds one secret`;
  return message;
}

function problem(message: string): ResolvedSecret {
  return { ok: false, message };
}
