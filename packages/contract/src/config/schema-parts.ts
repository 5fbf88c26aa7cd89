/** What fields of a configuration have in common: how names look, and numbers with their bounds. */
import { z } from 'zod';
import { field } from './field.ts';

/** What an id looks like everywhere: providers, keys, pools, consumers. */
export const ID_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const PROVIDER_OR_ALL_PATTERN = /^(?:\*|[a-z0-9][a-z0-9._-]{0,63})$/;
/** `org-1` or `org-1/project-a`, at most four levels. */
export const DOMAIN_PATTERN =
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){0,3}$/;
/** `kwh_` and the SHA-256 of the consumer key. */
export const KEY_HASH_PATTERN = /^kwh_[0-9a-f]{64}$/;
const MODEL_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$/;
export const GLOB_PATTERN = /^[A-Za-z0-9*][A-Za-z0-9._:/@+*-]{0,127}$/;
export const HEADER_PATTERN = /^[\u0021-\u007e]{1,128}$/;

export const ID_HINT =
  'lower-case letters, digits, ".", "_" and "-", at most 64, first a letter or digit';

export const id = (of: string) =>
  field(z.string().regex(ID_PATTERN), `Name of the ${of}, unique among its kind.`, ID_HINT);
export const reference = (to: string, description: string) =>
  field(z.string().regex(ID_PATTERN), description, `the id of a ${to}`);
export const modelName = (description: string) =>
  field(z.string().regex(MODEL_PATTERN), description, 'a model name such as "gpt-5"');
export const globs = (description: string) =>
  field(
    z.array(field(z.string().regex(GLOB_PATTERN), 'A name or a glob.', '"gpt-5" or "gpt-*"')),
    description,
    'a list such as ["gpt-5", "gpt-*"]',
  );
export const weight = (of: string) =>
  field(
    z.number().positive().max(1000),
    `Share of the ${of} among its siblings.`,
    'a number above 0, at most 1000',
  ).default(1);
const whole =
  (kind: string) =>
  (description: string, [least, most]: readonly [number, number], ifAbsent: number) =>
    field(z.int().min(least).max(most), description, `${kind} from ${least} to ${most}`).default(
      ifAbsent,
    );
export const ms = whole('a whole number of milliseconds');
export const count = whole('a whole number');

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const MIB = 1024 * 1024;
