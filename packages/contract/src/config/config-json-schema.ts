import { z } from 'zod';
import { configSchema } from './config-schema.ts';

/** The published JSON Schema of keywell.yaml (2020-12), for editors and for whoever writes one by program. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    $id: 'keywell.schema.json',
    ...z.toJSONSchema(configSchema, { target: 'draft-2020-12', io: 'input' }),
  };
}
