import { type LooseRecord, text } from './loose-config.ts';

/** The quota domain of a key inside its provider, as the compiler will name it. */
export function domainOf(key: LooseRecord): string {
  const domain = text(key, 'domain');
  if (domain !== null) return domain;
  const named = [text(key, 'organization'), text(key, 'project')].filter((part) => part !== null);
  return named.length > 0 ? named.join('/') : `~${text(key, 'id') ?? ''}`;
}
