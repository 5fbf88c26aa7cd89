import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { clean } from '../../render/clean.ts';
import { type RunContext, show } from '../run-context.ts';

export interface AddOptions {
  readonly name?: string;
  readonly models?: readonly string[];
  readonly requestsPerMinute?: number;
}

/** `keywell consumers add ID`: the one place where a consumer key is ever printed. */
export async function addConsumer(
  context: RunContext,
  id: string,
  options: AddOptions,
): Promise<void> {
  const added = await context.client.call(ADMIN_ROUTES.addConsumer, {
    body: {
      id,
      name: options.name ?? null,
      models: [...(options.models ?? ['*'])],
      requests_per_minute: options.requestsPerMinute ?? null,
    },
  });
  show(context, added, ({ consumer, key, key_hash: keyHash }) =>
    [
      `Consumer ${clean(consumer.id)} may call ${clean(consumer.models.join(', ')) || 'no model'}.`,
      '',
      `  ${context.paint.strong(clean(key))}`,
      '',
      'This key is shown once and kept nowhere. To keep the consumer in the configuration file instead:',
      '',
      `  - { id: ${clean(consumer.id)}, key_hash: "${clean(keyHash)}", models: ${JSON.stringify(consumer.models)} }`,
      '',
    ].join('\n'),
  );
}
