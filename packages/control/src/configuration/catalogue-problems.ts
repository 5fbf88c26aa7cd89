import type { ConfigProblem } from '@keywell/contract/config/config-problem';
import type { Config } from '@keywell/contract/config/config-schema';
import { didYouMean } from '@keywell/contract/config/did-you-mean';
import { vendorKinds } from '@keywell/providers/registry';

/** Entries of `catalogue` that speak of a provider there is not. */
export function catalogueProblems({ catalogue, providers }: Config): readonly ConfigProblem[] {
  const known = [...providers.map(({ id }) => id), ...vendorKinds()];
  return catalogue.flatMap(({ provider }, index) => {
    if (provider === undefined || known.includes(provider)) return [];
    const near = didYouMean(provider, known);
    return [
      {
        path: ['catalogue', index, 'provider'],
        at: 'value' as const,
        message: `There is no provider and no kind "${provider}".`,
        hint:
          near === null
            ? 'Write the id of a provider of this file, or a kind.'
            : `Did you mean "${near}"?`,
      },
    ];
  });
}
