import type { MatchLogic } from '@pydantic/genai-prices';

/** Whether a name is one that the package of prices means: its own rule, read from its data. */
export function matches(rule: MatchLogic, name: string): boolean {
  const lower = name.toLowerCase();
  if ('or' in rule) return rule.or.some((each) => matches(each, name));
  if ('and' in rule) return rule.and.every((each) => matches(each, name));
  if ('equals' in rule) return lower === rule.equals.toLowerCase();
  if ('starts_with' in rule) return lower.startsWith(rule.starts_with.toLowerCase());
  if ('ends_with' in rule) return lower.endsWith(rule.ends_with.toLowerCase());
  if ('contains' in rule) return lower.includes(rule.contains.toLowerCase());
  return new RegExp(rule.regex).test(name);
}

/** The names that a rule lists one by one. */
export function namesIn(rule: MatchLogic): readonly string[] {
  if ('or' in rule) return rule.or.flatMap(namesIn);
  return 'equals' in rule ? [rule.equals] : [];
}
