import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkConfig } from './check-config.ts';
import { configJsonSchema } from './config-json-schema.ts';
import { type ConfigInput, configSchema } from './config-schema.ts';
import { bare, hintOf, schemaAt } from './field.ts';

/** The shape that was promised from the start; later versions add to it and never break it. */
const PROMISED: ConfigInput = {
  version: 1,
  providers: [
    {
      id: 'openai',
      kind: 'openai',
      base_url: 'https://x/v1',
      keys: [{ id: 'a', value: 'env:OPENAI_KEY_A', domain: 'org-1', weight: 2, models: ['gpt-*'] }],
    },
  ],
  pools: [
    {
      id: 'chat',
      max_wait_ms: 10_000,
      tiers: [
        { targets: [{ provider: 'openai', model: 'gpt-5', weight: 1 }] },
        { targets: [{ provider: 'anthropic', model: 'claude-sonnet-5' }] },
      ],
    },
  ],
  models: [{ alias: 'smart', pool: 'chat' }],
  consumers: [
    {
      id: 'web',
      key_hash: `kwh_${'0'.repeat(64)}`,
      models: ['smart'],
      limits: { requests_per_minute: 100 },
    },
  ],
};

/** Every field of the schema, by path. */
function fields(
  schema: z.ZodType,
  path: readonly string[] = [],
): readonly (readonly [string, z.ZodType])[] {
  const inner = bare(schema);
  if (inner instanceof z.ZodArray && inner.element instanceof z.ZodType)
    return fields(inner.element, [...path, '0']);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries<z.ZodType>(inner.shape).flatMap(([name, field]) => {
    const here = [...path, name];
    return [[here.join('.'), field] as const].concat(fields(field, here));
  });
}

describe('the configuration file', () => {
  it('has the promised shape', () => {
    expect(checkConfig(PROMISED)).toMatchObject({ ok: true });
  });

  it.each(fields(configSchema))('describes %s and says what would be right', (path, field) => {
    const schema = schemaAt(configSchema, path.split('.'));
    expect(schema).toBe(field);
    const inner = bare(field);
    expect(inner.description ?? field.description).toMatch(/\.$/);
    expect(inner instanceof z.ZodObject || hintOf(field) !== '').toBe(true);
  });

  it('is published as a JSON Schema that refuses unknown fields', () => {
    const schema = configJsonSchema();
    expect(schema).toMatchObject({
      $schema: expect.stringContaining('2020-12'),
      additionalProperties: false,
    });
    expect(JSON.stringify(schema)).not.toContain('"hint"');
  });
});
