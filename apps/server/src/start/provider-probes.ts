import type { ProviderProbe } from '@keywell/control/ports/instance';
import type { ProviderRecord } from '@keywell/core/snapshot/snapshot';

const PROBE_WITHIN_MS = 3000;
const KEPT_MS = 10_000;

/**
 * Whether providers can be reached, for people who ask. Any answer will do, so no key is sent; a look is kept for a while, so that
 * asking often does not bother anyone.
 */
export function createProviderProbes(
  providers: () => readonly ProviderRecord[],
  wallNow: () => number,
): () => Promise<readonly ProviderProbe[]> {
  let kept: { readonly at: number; readonly probes: Promise<readonly ProviderProbe[]> } | null =
    null;
  return () => {
    if (kept === null || wallNow() - kept.at > KEPT_MS) {
      const probes = Promise.all(providers().map((provider) => probe(provider, wallNow)));
      kept = { at: wallNow(), probes };
    }
    return kept.probes;
  };
}

async function probe(provider: ProviderRecord, wallNow: () => number): Promise<ProviderProbe> {
  const checkedAt = wallNow();
  const about = { provider: provider.id, baseUrl: provider.baseUrl, checkedAt };
  try {
    const answer = await fetch(`${provider.baseUrl}/models`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(PROBE_WITHIN_MS),
    });
    await answer.body?.cancel();
    const now = wallNow();
    const date = Date.parse(answer.headers.get('date') ?? '');
    return {
      ...about,
      reachable: true,
      latencyMs: now - checkedAt,
      // The header has whole seconds: half of one is the best guess.
      clockSkewMs: Number.isNaN(date) ? null : Math.round(date + 500 - (checkedAt + now) / 2),
      error: '',
    };
  } catch (error) {
    return {
      ...about,
      reachable: false,
      latencyMs: null,
      clockSkewMs: null,
      error: reasonOf(error),
    };
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? cause.message : error.message;
}
