import type { LiveConfiguration, ReloadOutcome } from '../../configuration/live-configuration.ts';
import type { Answer, Caller } from '../../http/bind-route.ts';
import type { AuditStore } from '../../ports/stores.ts';

export interface ConfigurationPorts {
  readonly configuration: Pick<LiveConfiguration, 'reload' | 'compare'>;
  readonly audit: Pick<AuditStore, 'append'>;
  readonly wallNow: () => number;
}

export type Outcome = ReloadOutcome & { readonly ok: true };

/** Reads the file again and writes down who asked, whatever came of it. */
export async function reloadConfiguration(
  { configuration, audit, wallNow }: ConfigurationPorts,
  caller: Caller,
): Promise<Answer<Outcome>> {
  const outcome = await configuration.reload();
  await audit.append({
    at: wallNow(),
    actor: caller.actor,
    action: outcome.ok ? 'configuration.reloaded' : 'configuration.refused',
    target: 'configuration',
    detail: {
      ...(outcome.ok
        ? { version: outcome.version, changes: outcome.changes.length }
        : { problems: outcome.problems.length }),
      address: caller.address,
      request_id: caller.requestId,
    },
  });
  return answer(outcome);
}

/** What a configuration would change; changes nothing. */
export async function compareConfiguration(
  { configuration }: ConfigurationPorts,
  text: string | null,
): Promise<Answer<Outcome>> {
  return answer(await configuration.compare(text));
}

function answer(outcome: ReloadOutcome): Answer<Outcome> {
  if (outcome.ok) return { ok: true, value: outcome };
  const { problems } = outcome;
  const detail = `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}; nothing was changed.`;
  return { ok: false, code: 'configuration_refused', detail, problems };
}
