import { isAbsolute, join } from 'node:path';
import type { Config } from '@keywell/contract/config/config-schema';
import { Secret } from '@keywell/core/secret/secret';
import { resolveSecret } from '@keywell/storage/secrets/resolve-secret';

export type SecretAnswer =
  | {
      readonly ok: true;
      readonly secret: Secret;
      /** True when the value itself stood in the configuration. */
      readonly literal: boolean;
    }
  | { readonly ok: false; readonly message: string };

/** Turns what stands in a `value` field into the secret it names. */
export type ResolveSecret = (reference: string) => SecretAnswer;

/** Credentials of examples and defaults, which nobody means to run with. */
const PLACEHOLDERS = new Set([
  'changeme',
  'change-me',
  'change_me',
  'test-token',
  'your-api-key',
  'your_api_key',
  'password',
  'secret',
  'sk-...',
  'sk-…',
  'xxx',
  'todo',
]);

/** A resolver over an environment and the folder that relative `file:` references start from. Reads files anew at every call. */
export function createSecretResolver(from: {
  readonly env: (name: string) => string | undefined;
  readonly folder: string;
}): ResolveSecret {
  return (reference) => {
    const answer = resolveSecret(absolute(reference, from.folder), from.env);
    return answer.ok ? usable(answer) : answer;
  };
}

/** The files that references of providers name, so that a changed secret can be noticed. */
export function secretFiles(providers: Config['providers'], folder: string): readonly string[] {
  const references = providers.flatMap(({ keys, headers = {} }) => [
    ...keys.map(({ value = '' }) => value),
    ...Object.values(headers),
  ]);
  return references.flatMap((reference) => secretFile(reference, folder) ?? []);
}

function secretFile(reference: string, folder: string): string | null {
  if (!reference.startsWith('file:') || reference.length === 'file:'.length) return null;
  return absolute(reference, folder).slice('file:'.length);
}

function absolute(reference: string, folder: string): string {
  const path = reference.startsWith('file:') ? reference.slice('file:'.length) : '';
  return path === '' || isAbsolute(path) ? reference : `file:${join(folder, path)}`;
}

function usable(answer: SecretAnswer & { ok: true }): SecretAnswer {
  const value = answer.secret.reveal().trim();
  if (/^(vault|aws|gcp|azure|op|sops):/i.test(value) && answer.literal)
    return {
      ok: false,
      message: 'this kind of reference is not known; write env:NAME or file:path',
    };
  if (value === '') return { ok: false, message: 'the secret is blank; give it a value' };
  if (PLACEHOLDERS.has(value.toLowerCase()))
    return { ok: false, message: 'the secret is a placeholder; give it the real value' };
  const object = asOneLine(value);
  if (object !== null) return { ok: true, secret: new Secret(object), literal: answer.literal };
  if (!/^[\u0021-\u007e]+$/.test(value))
    return {
      ok: false,
      message:
        'the secret has spaces or characters that no HTTP header can carry; check for a stray line',
    };
  return { ok: true, secret: new Secret(value), literal: answer.literal };
}

/** Credentials that are JSON are read, not sent, and may stand on several lines: the same ones are the same text. Null: it is no object. */
function asOneLine(value: string): string | null {
  if (!value.startsWith('{')) return null;
  try {
    return JSON.stringify(JSON.parse(value));
  } catch {
    return null;
  }
}
