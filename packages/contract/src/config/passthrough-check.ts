import { matchesModel } from '@keywell/core/access/model-patterns';
import { PASSTHROUGH_MODEL } from '@keywell/core/snapshot/passthrough-pool';
import { showName } from './config-problem.ts';
import { type Findings, namesIn, suggest } from './findings.ts';
import { type LooseRecord, records, text, texts } from './loose-config.ts';

/** Checks what providers and consumers say about calls that are passed through. */
export function checkPassthrough(found: Findings, root: LooseRecord): void {
  const providers = records(root, 'providers');
  for (const provider of providers) checkKeys(found, provider);
  const known = namesIn(providers, 'id');
  const open = new Set(namesIn(providers.filter(isOpen), 'id'));
  for (const consumer of records(root, 'consumers')) {
    const named = texts(consumer, 'passthrough');
    for (const { index, text: id } of named) {
      const path = [...consumer.path, 'passthrough', index];
      if (id === '*' || open.has(id)) continue;
      if (known.includes(id))
        found.warn(
          path,
          `The provider "${showName(id)}" has nothing open to be passed through.`,
          'List paths at its "passthrough".',
        );
      else
        found.refuse(
          path,
          `There is no provider "${showName(id)}".`,
          suggest(id, known, 'provider'),
        );
    }
    if (named.length > 0 && consumer.get('budget') !== undefined)
      found.warn(
        [...consumer.path, 'passthrough'],
        'This consumer has a budget, so that what it passes through is refused: nobody knows what that costs.',
        'Leave out one of the two.',
      );
  }
}

const isOpen = (provider: LooseRecord): boolean => texts(provider, 'passthrough').length > 0;

/** Keys with a list of models serve what is passed through only where the list says so. */
function checkKeys(found: Findings, provider: LooseRecord): void {
  const keys = records(provider, 'keys');
  if (!isOpen(provider) || keys.length === 0) return;
  const serving = keys.filter((key) => {
    const models = texts(key, 'models').map((each) => each.text);
    return models.length === 0 || matchesModel(models, PASSTHROUGH_MODEL);
  });
  const path = [...provider.path, 'passthrough'];
  if (serving.length === 0)
    found.refuse(
      path,
      'Every key of this provider is for certain models alone, so that none serves what is passed through.',
      `Add "${PASSTHROUGH_MODEL}" to the "models" of a key, or leave that list out.`,
    );
  const accounts = new Set(serving.map(accountOf));
  if (accounts.size > 1)
    found.warn(
      path,
      `What is passed through may go to ${accounts.size} accounts, and what was made with one is not found with another.`,
      `Let the keys of one account serve it: give the others a list of "models" without "${PASSTHROUGH_MODEL}".`,
    );
}

/** The outermost part of a key's quota domain, as the file tells it. */
function accountOf(key: LooseRecord): string {
  const domain = text(key, 'domain')?.split('/')[0];
  return domain ?? text(key, 'organization') ?? text(key, 'project') ?? `~${text(key, 'id') ?? ''}`;
}
