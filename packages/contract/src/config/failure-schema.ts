import { ENDS_FROM } from '@keywell/core/keys/failure-record';
import { LIMIT_DIMENSIONS } from '@keywell/core/keys/limit-dimensions';
import type { CooldownScope } from '@keywell/core/keys/verdict';
import { VERDICT_CLASSES } from '@keywell/core/keys/verdict';
import { z } from 'zod';
import { field } from './field.ts';

const SCOPES = [
  'none',
  'key',
  'key_group',
  'node',
  'node_group',
  'endpoint',
  'endpoint_group',
  'egress',
] as const satisfies readonly CooldownScope[];

const oneOf = (values: readonly string[]): string => values.join(', ');

const words = (description: string) =>
  field(
    z
      .array(field(z.string().min(1).max(128), 'A word of the provider.', 'a text'))
      .min(1)
      .max(32),
    description,
    'a list such as ["quota_exceeded"]',
  ).optional();

/** A refusal that the vendor's own table does not know, or reads otherwise than this installation means it. */
export const failureSchema = z
  .strictObject({
    name: field(
      z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
      'Name of the row, unique in its provider; it stands in the evidence of a verdict.',
      'lower-case letters, digits, ".", "_" and "-", at most 64, first a letter or digit',
    ),
    status: field(
      z
        .array(field(z.int().min(100).max(599), 'A status.', 'a whole number from 100 to 599'))
        .min(1)
        .max(32),
      'Statuses of the response; without it: any, 200 included.',
      'a list such as [403, 429]',
    ).optional(),
    code: words("The error's `code` is one of these, without regard to case."),
    type: words("The error's `type` is one of these, without regard to case."),
    message_prefix: field(
      z.string().min(1).max(128),
      "The error's message begins with this text, without regard to case.",
      'the beginning of the message, such as "Monthly budget used up"',
    ).optional(),
    message_pattern: field(
      z.string().min(1).max(256),
      "The error's message matches this regular expression, without regard to case. It begins with `^`, does not look around or refer back, and has no quantifier inside a quantifier.",
      'an anchored pattern such as "^Team \\\\S{1,64} has no credits"',
    ).optional(),
    class: field(
      z.enum(VERDICT_CLASSES.filter((each) => each !== 'success')),
      'What the refusal is; exhaustion.md says what follows from each.',
      `one of ${oneOf(VERDICT_CLASSES.filter((each) => each !== 'success'))}`,
    ),
    scope: field(
      z.enum(SCOPES),
      'Whom it binds: the key, its quota domain (`node`), either for the model alone (`key_group`, `node_group`), the host (`endpoint`, `endpoint_group`), everything of this provider from here (`egress`), or nobody.',
      `one of ${oneOf(SCOPES)}`,
    ),
    level: field(
      z.enum(['organization', 'project']),
      'Which node of the domain is meant: the first or the last. Without it: the last.',
      '"organization" or "project"',
    ).optional(),
    dimension: field(
      z.enum(LIMIT_DIMENSIONS),
      'What is used up, where the refusal is about a limit.',
      `one of ${oneOf(LIMIT_DIMENSIONS)}`,
    ).optional(),
    ends: field(
      z.enum(ENDS_FROM),
      'Where the end comes from: `wait` headers, message, or reset; `header_wait` headers alone; `far_wait` only a wait of more than 5 minutes; `none` never from the response; `pacific_midnight`, `utc_midnight` and `utc_month` the calendar.',
      `one of ${oneOf(ENDS_FROM)}`,
    ).default('wait'),
  })
  .meta({ description: "A row that is tried before the vendor's own." });
