import type { DomainFindingsView } from '@keywell/contract/admin/admin-schemas';
import { clean } from './clean.ts';

/** One thing about the domain tree in words: what was seen, and what to do. */
export interface DomainRemark {
  readonly means: string;
  readonly todo: string;
}

/** What was found about the domain tree, most certain first. */
export function domainRemarks(findings: DomainFindingsView): readonly DomainRemark[] {
  return [
    ...findings.contradictions.map(contradiction),
    ...findings.unsteady.map(({ provider, key }) => ({
      means: `The responses to ${clean(provider)}/${clean(key)} name one account, then another; none of them counts.`,
      todo: 'Give the key a "domain" in the file.',
    })),
    ...findings.suggestions.map(suggestion),
    ...findings.pools.filter(({ inferred }) => inferred).map(pool),
  ];
}

/** The same as text. */
export function renderSuggestions(findings: DomainFindingsView): string {
  const remarks = domainRemarks(findings);
  if (remarks.length === 0) return 'Nothing to suggest.\n';
  return remarks.map(({ means, todo }) => `${means}\n  ${todo}\n`).join('');
}

function contradiction(found: DomainFindingsView['contradictions'][number]): DomainRemark {
  const keys = found.keys.map((key) => `${clean(found.provider)}/${clean(key)}`).join(', ');
  const domains = found.domains.map(clean).join(', ');
  const organizations = found.organizations.map(clean).join(', ');
  if (found.kind === 'one_account_two_domains')
    return {
      means: `${keys} are pinned to different domains (${domains}), and their responses name one account (${organizations}).`,
      todo: 'Give them one "domain", or leave it out; as it is, each of them costs a refused call of its own.',
    };
  return {
    means: `${keys} are pinned to one domain (${domains}), and their responses name different organizations (${organizations}).`,
    todo: 'Give each organization a "domain" of its own; as it is, one that runs dry stops the other.',
  };
}

function suggestion(found: DomainFindingsView['suggestions'][number]): DomainRemark {
  const names = found.keys.map((key) => `${clean(found.provider)}/${clean(key)}`);
  const [one = '', two = ''] = names;
  const sure = `${found.contrast.toFixed(2)} ± ${found.standard_error.toFixed(2)}`;
  return {
    means: `What is left of ${one} falls by what ${two} sends, for ${clean(found.group)}: they seem to share a limit (${sure} of 1, from ${found.observations} observations).`,
    todo: 'If they are of one account, give both the same "domain".',
  };
}

function pool(found: DomainFindingsView['pools'][number]): DomainRemark {
  const tier = found.tier === null ? '' : `, tier ${found.tier + 1}`;
  return { means: `Pool ${clean(found.pool)}${tier}: ${found.message}`, todo: found.hint };
}
