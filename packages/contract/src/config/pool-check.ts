import { matchesModel } from '@keywell/core/access/model-patterns';
import { showName } from './config-problem.ts';
import { type Findings, namesIn, suggest } from './findings.ts';
import { domainOf } from './key-domain.ts';
import { type LooseRecord, records, text, texts } from './loose-config.ts';

/** Checks what pools say about providers and their keys. */
export function checkPools(found: Findings, root: LooseRecord): void {
  const providers = records(root, 'providers');
  for (const pool of records(root, 'pools')) {
    const targets = records(pool, 'tiers').flatMap((tier) => records(tier, 'targets'));
    const chosen = targets.map((target) => checkTarget(found, target, providers));
    checkPatience(found, pool);
    if (chosen.includes(null)) continue;
    const selected = new Map(chosen.flatMap((keys) => (keys === null ? [] : Array.from(keys))));
    if (selected.size > 1 && new Set(selected.values()).size === 1)
      found.warn(
        [...pool.path, 'id'],
        `All ${selected.size} keys of this pool share one quota domain: when one runs dry, all do.`,
        'Add a key of another organization or project, or a further tier.',
      );
  }
}

/** The keys a target selects, as name → domain; null where a mistake leaves it open. */
function checkTarget(
  found: Findings,
  target: LooseRecord,
  providers: readonly LooseRecord[],
): ReadonlyMap<string, string> | null {
  const id = text(target, 'provider');
  if (id === null) return null;
  const provider = providers.find((each) => text(each, 'id') === id);
  if (provider === undefined) {
    found.refuse(
      [...target.path, 'provider'],
      `There is no provider "${showName(id)}".`,
      suggest(id, namesIn(providers, 'id'), 'provider'),
    );
    return null;
  }
  const keys = records(provider, 'keys');
  const known = namesIn(keys, 'id');
  const asked = texts(target, 'keys');
  let unknown = false;
  for (const { index, text: name } of asked) {
    if (known.includes(name)) continue;
    unknown = true;
    found.refuse(
      [...target.path, 'keys', index],
      `The provider "${showName(id)}" has no key "${showName(name)}".`,
      suggest(name, known, 'key of that provider'),
    );
  }
  const model = text(target, 'model');
  if (unknown || model === null || keys.length === 0) return null;
  const selected = keys.filter((key) => selects(key, model, asked));
  if (selected.length > 0)
    return new Map(
      selected.map((key) => [`${id}/${text(key, 'id') ?? ''}`, `${id}/${domainOf(key)}`]),
    );
  found.refuse(
    [...target.path, 'model'],
    `No key of "${showName(id)}" may serve the model of this target.`,
    'Add the model to the "models" of a key, or leave that list out.',
  );
  return null;
}

function selects(
  key: LooseRecord,
  model: string,
  asked: readonly { readonly text: string }[],
): boolean {
  const id = text(key, 'id');
  if (asked.length > 0 && !asked.some((each) => each.text === id)) return false;
  const globs = texts(key, 'models').map((each) => each.text);
  return globs.length === 0 || matchesModel(globs, model);
}

function checkPatience(found: Findings, pool: LooseRecord): void {
  const deadline = pool.get('deadline_ms');
  const firstByte = pool.get('first_byte_timeout_ms');
  if (typeof deadline === 'number' && typeof firstByte === 'number' && firstByte > deadline)
    found.warn(
      [...pool.path, 'first_byte_timeout_ms'],
      'One attempt may take longer than the whole call, so nothing else would be tried.',
      'Make it smaller than "deadline_ms".',
    );
}
