import { z } from 'zod';
import { PASSTHROUGH_RULE } from '@keywell/core/access/passthrough-rules';
import { PREFILL_STYLES } from '@keywell/core/snapshot/snapshot';
import { failureSchema } from './failure-schema.ts';
import { declaredLimitSchema } from './limit-schema.ts';
import { apiVersionSchema, authSchema, dialectsSchema, headersSchema } from './reach-schema.ts';
import { ID_PATTERN, DOMAIN_PATTERN, HEADER_PATTERN, id, globs, weight } from './schema-parts.ts';
import { field } from './field.ts';

const keySchema = z
  .strictObject({
    id: id('key'),
    value: field(
      z.string().min(1).max(8192),
      'The credential, by reference: `env:NAME` or `file:path` (relative to this file). A literal works, is warned about and is kept encrypted. Some vendors take more than a plain key: an AWS access key, a Google service account, an Entra application, a refresh token (docs/guides/credentials.md). Leave it out only on a host that takes no key.',
      '"env:NAME" or "file:path"',
    ).optional(),
    domain: field(
      z.string().regex(DOMAIN_PATTERN),
      'Quota domain: keys with the same domain share their limits, so one that runs dry stops the others too. `org-1`, or `org-1/project-a` where a project has limits of its own. Without it, `organization` and `project` name the domain; without those too, the key is a domain of its own.',
      '"org-1" or "org-1/project-a"',
    ).optional(),
    weight: weight('key'),
    models: globs('Models this key may serve, as globs; empty means all.').default([]),
    organization: field(
      z.string().regex(HEADER_PATTERN),
      'Sent as `openai-organization`.',
      'the organization id as the provider shows it',
    ).optional(),
    project: field(
      z.string().regex(HEADER_PATTERN),
      'Sent as `openai-project`.',
      'the project id as the provider shows it',
    ).optional(),
    limits: field(
      z.array(declaredLimitSchema).max(64),
      'Limits of the quota domain, for providers that tell none or wrong ones. They belong to the domain: write the same at each of its keys.',
      'a list such as [{ dimension: requests_minute, limit: 500 }]',
    ).default([]),
  })
  .meta({ description: 'One upstream key of a provider.' });

export const providerSchema = z
  .strictObject({
    id: id('provider'),
    kind: field(
      z.string().regex(ID_PATTERN),
      'Which vendor it is: `openai`, `anthropic`, `gemini` and so on (reference/providers.md lists them), or `openai-compatible` for any host that speaks the same dialect.',
      'a kind such as "openai", "anthropic" or "openai-compatible"',
    ),
    base_url: field(
      z.string().min(1).max(2048),
      'URL up to and including the API prefix. May be left out where the kind has one of its own.',
      'an http(s) URL without user, password, query or fragment, such as "https://api.openai.com/v1"',
    ).optional(),
    auth: field(
      authSchema,
      'How the host wants the key, where otherwise than its kind does.',
      '{ kind: bearer }, { kind: header, name: x-api-key } or { kind: query, name: key }',
    ).optional(),
    dialects: field(
      dialectsSchema,
      'The dialects of conversations that the host speaks, the best first: a call in one of them is passed on as it is, every other is translated into the first. Default: those of the kind.',
      'a list of "openai-chat", "openai-responses", "anthropic-messages", "gemini" or "bedrock-converse", each once',
    ).optional(),
    headers: field(
      headersSchema,
      'Headers of every call to it; values may be `env:NAME` or `file:path`. Not those that frame a message, carry a key or belong to Keywell.',
      'at most 32 headers of printable ASCII, such as { x-title: "my team" }; a key goes into "keys"',
    ).optional(),
    api_version: field(
      apiVersionSchema,
      'Sent as `api-version` in the query of every call, for hosts that date their API (Azure).',
      'a version such as "2024-10-21" or "preview"',
    ).optional(),
    passthrough: field(
      z
        .array(
          field(
            z.string().max(512).regex(PASSTHROUGH_RULE),
            'A path below the base URL, with a method before it or for every method; `*` stands for characters within one segment, `**` at the end for everything below.',
            '"GET /fine_tuning/jobs/*" or "/vector_stores/**"',
          ),
        )
        .max(100),
      'What may be passed through to it as it is, at `/v1/providers/ID/…`, by consumers that may: for what Keywell has no route of its own. Empty: nothing. See docs/guides/passthrough.md.',
      'a list such as ["POST /fine_tuning/jobs", "GET /fine_tuning/**"]',
    ).default([]),
    stream_usage: field(
      z.boolean(),
      'Whether the host knows `stream_options.include_usage`; where not, the usage of streams is estimated. Default: what the kind does.',
      'true or false',
    ).optional(),
    failures: field(
      z.array(failureSchema).max(100),
      "Refusals of this provider that its vendor's table does not know, tried in this order before the table's own rows.",
      'a list such as [{ name: budget, code: [budget_used_up], class: funds_exhausted, scope: node, ends: none }]',
    ).default([]),
    free_checks: field(
      z.boolean(),
      'Whether a key that ran out of money, or that the provider refused, is looked at now and then with a call that costs nothing (a balance, the list of models), so that it comes back early.',
      'true or false',
    ).default(true),
    prefill: field(
      z.enum(PREFILL_STYLES),
      'How this host continues a chat from what an assistant had begun to say, for pools with `continuation`: `continue_final_message` (vLLM, SGLang) or `prefix` (Mistral, DeepSeek beta). Leave it out where the host answers such a message instead.',
      '"continue_final_message" or "prefix"',
    ).optional(),
    keys: field(
      z.array(keySchema).min(1).max(1000),
      'The upstream keys.',
      'a list of at least one key, such as [{ id: a, value: "env:OPENAI_KEY_A", domain: org-1 }]',
    ),
  })
  .meta({ description: 'A vendor, or a host that speaks its dialect.' });
