import { DIALECTS } from '@keywell/core/snapshot/dialect';
import { z } from 'zod';
import { field } from './field.ts';

const AUTH_KINDS = ['bearer', 'header', 'query'] as const;

/** How the keys of a provider are shown to it. Which of its fields belong together is checked apart (`checkReach`). */
export const authSchema = z
  .strictObject({
    kind: field(
      z.enum(AUTH_KINDS),
      'Where the key goes: `bearer` is `Authorization: Bearer KEY`, `header` a header of its own, `query` a parameter of the URL.',
      '"bearer", "header" or "query"',
    ),
    name: field(
      z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
      'Name of the header or of the parameter; not for `bearer`.',
      'letters, digits, ".", "_" and "-", such as "x-api-key" or "key"',
    ).optional(),
    scheme: field(
      z.string().regex(/^[A-Za-z][A-Za-z0-9._-]{0,31}$/),
      'A word before the key in a header: `Api-Key` makes `Api-Key KEY`. Only for `header`.',
      'one word, such as "Api-Key" or "Token"',
    ).optional(),
  })
  .meta({ description: 'How a host wants the key.' });

/** The dialects that a provider speaks. */
export const dialectsSchema = z
  .array(
    field(
      z.enum(DIALECTS),
      'A dialect.',
      '"openai-chat", "openai-responses", "anthropic-messages", "gemini" or "bedrock-converse"',
    ),
  )
  .min(1)
  .max(DIALECTS.length);

/** Headers of every call of a provider; names and values are checked apart (`checkReach`). */
export const headersSchema = z.record(z.string(), z.string());

/** `2024-10-21`, `preview`, `2025-04-01-preview`. */
export const apiVersionSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,31}$/);
