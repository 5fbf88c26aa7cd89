import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { CliError } from '../../cli-error.ts';
import { EXIT } from '../../exit-codes.ts';
import { clean } from '../../render/clean.ts';
import { showCountdown } from '../../render/duration.ts';
import { type RunContext, show } from '../run-context.ts';

/** `keywell keys clear PROVIDER[/KEY]` or `--all`. */
export async function clearKeys(
  context: RunContext,
  target: string | undefined,
  all: boolean,
): Promise<void> {
  if ((target === undefined) !== all)
    throw new CliError(EXIT.usage, 'Name what to clear, or say --all.', {
      hint: 'For example: keywell keys clear openai/a',
    });
  const [provider, key, ...rest] = target?.split('/') ?? [];
  if (rest.length > 0)
    throw new CliError(EXIT.usage, 'A key is named as PROVIDER/KEY.', {
      hint: '"keywell keys list" shows the names.',
    });
  const answer = await context.client.call(ADMIN_ROUTES.clearKeys, {
    body: {
      ...(provider === undefined ? {} : { provider }),
      ...(key === undefined ? {} : { key }),
    },
  });
  show(context, answer, ({ ended }) => {
    if (ended.length === 0) return 'Nothing was cooled.\n';
    const lines = ended.map((each) => {
      const left =
        each.ends_in_ms === null ? '' : `, ${showCountdown(each.ends_in_ms)} before its end`;
      return `  ${clean(each.scope_id)}: ${clean(each.class)}${left}\n`;
    });
    return `Cleared:\n${lines.join('')}`;
  });
}
