import { matchesModel } from '@keywell/core/access/model-patterns';
import { showName } from './config-problem.ts';
import { checkFailures } from './failure-check.ts';
import { type CrossCheck, Findings, namesIn, suggest } from './findings.ts';
import { type LooseRecord, loose, records, text, texts } from './loose-config.ts';
import { checkLimits } from './limit-check.ts';
import { checkPassthrough } from './passthrough-check.ts';
import { checkPools } from './pool-check.ts';
import { checkReach } from './reach-check.ts';

/**
 * Checks what records of a file say about each other. Takes any value, so that a file with a mistake in its shape shows these
 * problems too, in the same round.
 */
export function crossCheck(value: unknown): CrossCheck {
  const found = new Findings();
  const root = loose(value);
  if (root === null) return found;
  unique(found, records(root, 'providers'), { field: 'id', what: 'provider' });
  unique(found, records(root, 'pools'), { field: 'id', what: 'pool' });
  unique(found, records(root, 'models'), { field: 'alias', what: 'model alias' });
  unique(found, records(root, 'consumers'), { field: 'id', what: 'consumer' });
  unique(found, records(root, 'alerts'), { field: 'id', what: 'alert' });
  for (const provider of records(root, 'providers')) checkProvider(found, provider);
  checkPools(found, root);
  checkModels(found, root);
  checkConsumers(found, root);
  checkPassthrough(found, root);
  checkAlerts(found, root);
  return found;
}

function unique(
  found: Findings,
  list: readonly LooseRecord[],
  { field, what }: { field: string; what: string },
): void {
  const seen = new Map<string, number>();
  for (const [index, record] of list.entries()) {
    const name = text(record, field);
    if (name === null) continue;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else
      found.refuse(
        [...record.path, field],
        `The ${what} "${showName(name)}" is there twice.`,
        `Rename or remove one; the first is entry ${first + 1} of the list.`,
      );
  }
}

function checkProvider(found: Findings, provider: LooseRecord): void {
  const keys = records(provider, 'keys');
  unique(found, keys, { field: 'id', what: 'key' });
  unique(found, records(provider, 'failures'), { field: 'name', what: 'failure' });
  checkFailures(found, provider);
  checkLimits(found, keys);
  checkReach(found, provider);
  const values = new Map<string, LooseRecord>();
  for (const key of keys) {
    const value = text(key, 'value');
    if (value === null) continue;
    const twin = values.get(value);
    if (twin === undefined) values.set(value, key);
    else
      found.refuse(
        [...key.path, 'value'],
        'Two keys of this provider have the same value.',
        `Remove one; "${showName(text(twin, 'id') ?? '')}" is the same key.`,
      );
  }
  const url = text(provider, 'base_url');
  if (url === null) return;
  const fault = urlFault(url);
  if (fault !== null) found.refuse([...provider.path, 'base_url'], fault.message, fault.hint);
  else if (url.startsWith('http://') && !/^http:\/\/(localhost|127\.|\[::1\])/.test(url))
    found.warn(
      [...provider.path, 'base_url'],
      'Keys and prompts travel to this host unencrypted.',
      'Use https where the host speaks it.',
    );
}

/** What is wrong with a base URL; never quotes it, because a password may stand in it. */
function urlFault(url: string): { message: string; hint: string } | null {
  const hint = 'Write an http(s) URL such as "https://api.openai.com/v1".';
  if (!/^https?:\/\/[^\s\\]+$/.test(url))
    return { message: '"base_url" is not an http or https URL.', hint };
  if (/[?#]/.test(url)) return { message: '"base_url" has a query or a fragment.', hint };
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return { message: '"base_url" is not a URL.', hint };
  }
  if (parsed.username !== '' || parsed.password !== '' || /^https?:\/\/[^/]*@/.test(url))
    return {
      message: '"base_url" has a user or a password in it.',
      hint: 'Put the credential into the "value" of a key, as "env:NAME" or "file:path".',
    };
  return null;
}

function checkModels(found: Findings, root: LooseRecord): void {
  const pools = namesIn(records(root, 'pools'), 'id');
  for (const model of records(root, 'models')) {
    const pool = text(model, 'pool');
    if (pool === null || pools.includes(pool)) continue;
    found.refuse(
      [...model.path, 'pool'],
      `There is no pool "${showName(pool)}".`,
      suggest(pool, pools, 'pool'),
    );
  }
}

function checkConsumers(found: Findings, root: LooseRecord): void {
  const aliases = namesIn(records(root, 'models'), 'alias');
  const patterns = aliases.filter((alias) => alias.includes('*'));
  const targets = targetNames(root);
  const known = new Set([...aliases, ...targets]);
  const hashes = new Set<string>();
  for (const consumer of records(root, 'consumers')) {
    checkHashes(found, consumer, hashes);
    const models = texts(consumer, 'models');
    if (Array.isArray(consumer.get('models')) && models.length === 0)
      found.warn(
        [...consumer.path, 'models'],
        'This consumer may call no model at all.',
        'Name models, or write ["*"] for all.',
      );
    for (const { index, text: model } of models) {
      const path = [...consumer.path, 'models', index];
      if (known.has(model) || matchesModel(patterns, model)) continue;
      if (!model.includes('*'))
        found.refuse(
          path,
          `There is no model alias "${showName(model)}", and no target of that name.`,
          suggest(model, [...known], 'model alias'),
        );
      else if (![...known].some((name) => matchesModel([model], name)))
        found.warn(
          path,
          'This pattern matches no model alias.',
          suggest(model, aliases, 'model alias'),
        );
    }
  }
}

/** Every target of a pool as a caller may name it: `provider/model`. */
function targetNames(root: LooseRecord): readonly string[] {
  return records(root, 'pools').flatMap((pool) =>
    records(pool, 'tiers').flatMap((tier) =>
      records(tier, 'targets').map(
        (target) => `${text(target, 'provider') ?? ''}/${text(target, 'model') ?? ''}`,
      ),
    ),
  );
}

function checkHashes(found: Findings, consumer: LooseRecord, seen: Set<string>): void {
  const single = text(consumer, 'key_hash');
  const all = texts(consumer, 'previous_key_hashes').map((entry) => ({
    path: [...consumer.path, 'previous_key_hashes', entry.index],
    hash: entry.text,
  }));
  if (single !== null) all.unshift({ path: [...consumer.path, 'key_hash'], hash: single });
  for (const { path, hash } of all) {
    if (seen.has(hash))
      found.refuse(
        path,
        'This key hash is there twice.',
        'Every consumer has a key of its own; make one with "keywell consumers add".',
      );
    seen.add(hash);
  }
}

function checkAlerts(found: Findings, root: LooseRecord): void {
  const pools = namesIn(records(root, 'pools'), 'id');
  for (const alert of records(root, 'alerts')) {
    const pool = text(alert, 'pool');
    if (pool !== null && !pools.includes(pool))
      found.refuse(
        [...alert.path, 'pool'],
        `There is no pool "${showName(pool)}".`,
        suggest(pool, pools, 'pool'),
      );
    const thresholds = [alert.get('below_percent'), alert.get('eta_below_ms')];
    if (thresholds.every((each) => each === undefined))
      found.refuse(
        [...alert.path, 'id'],
        'This alert has no threshold, so that it would never be raised.',
        'Add "below_percent", "eta_below_ms", or both.',
      );
  }
}
