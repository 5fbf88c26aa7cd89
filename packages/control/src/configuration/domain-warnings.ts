import type { ConfigProblem } from '@keywell/contract/config/config-problem';
import type { PoolDomainFinding } from '@keywell/core/keys/pool-domains';

/** What an operator should know of a pool's place in the domain tree, at its line of the file. */
export function domainWarnings(findings: readonly PoolDomainFinding[]): readonly ConfigProblem[] {
  return findings.map((finding) => {
    const { index, tier } = finding;
    const path = tier === null ? ['pools', index, 'id'] : ['pools', index, 'tiers', tier];
    return { path, at: 'value', ...wordsOf(finding) };
  });
}

/** The same in words, for wherever it is shown. */
export function wordsOf({ kind, keys }: PoolDomainFinding): {
  readonly message: string;
  readonly hint: string;
} {
  if (kind === 'one_domain')
    return {
      message: `All ${keys} keys of this pool share one quota domain: when it runs dry, all do.`,
      hint: 'Add a key of another organization, or a tier with another provider.',
    };
  return {
    message:
      'This fallback only uses accounts that the tiers above use already: when they run out of money, so does it.',
    hint: 'Use a key of another organization or another provider here; another model alone only helps with limits per model.',
  };
}
