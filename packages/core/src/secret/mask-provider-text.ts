/** What stands for a masked part. */
const MASK = '[masked]';

/** Shorter secrets are not searched for: they would blank out ordinary words. */
const MIN_SECRET_LENGTH = 6;

/**
 * Tokens that look like keys or account ids, also half masked by the provider itself (`sk-proj-****abcd`). Every run is bounded or
 * a single character class, so the search is linear.
 */
const PATTERNS: readonly RegExp[] = [
  /\b(?:sk|gsk|csk|xai|nvapi|pplx|sess)[-_][\w*.•…-]{3,}/g,
  /\b(?:rk|pk|ek|fw|r8|hf|tgp|kw|kwh)[-_][\w*.•…-]{12,}/g,
  /\bAIza[\w*-]{10,}/g,
  /\beyJ[\w-]{8,}\.[\w.-]{8,}/g,
  // an id holds a digit or is long; `user-defined` is a word
  /\b(?:org|proj|user|team|acct|ak|asst)[-_](?:[A-Za-z]{0,30}[0-9*][A-Za-z0-9*]{4,}|[A-Za-z]{16,})/g,
  // Anthropic's workspaces, users, invitations and keys; OpenAI's certificates and service accounts
  /\b(?:wrkspc|apikey|invite|svc_acct|cert)_[\w*]{8,}/g,
  // AWS: key ids, and the account in every resource's name
  /\b(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9*]{12,}/g,
  /\barn:aws[\w-]{0,12}:[^\s"'`,\\]{1,256}/g,
  // Google: projects by number and by name, as the API names them
  /\bprojects?[/ _:=#-]{1,3}(?:number[:= ]{1,3})?[0-9]{6,}/gi,
  /\bprojects\/[a-z][\w-]{4,61}/g,
  /\bya29\.[\w-]{10,}/g,
  // Azure: the resource is the account
  /\b[a-z0-9-]{2,64}\.(?:openai|cognitiveservices|services\.ai)\.azure\.com/gi,
  // Fireworks: whose account it is, but not the public models' own
  /\baccounts\/(?!fireworks\b)[\w-]{2,64}/g,
  /\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}/g,
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
];

/** Words after which a credential follows, whatever it looks like. */
const LEADS = /\b(api[ -]?key(?: provided)?(?: is)?: ?|bearer )["'`]?[^\s"'`,]{4,}/gi;

/** As it is, in a URL, and in a JSON string, where writers may also escape slashes. */
function formsOf(secret: string): readonly string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, encodeURIComponent(secret.toWellFormed()), inJson, inJson.replaceAll('/', '\\/')];
}

/**
 * Takes keys, account ids, mail addresses and the given secrets out of a provider's message, before a caller or a log sees it
 * (a 401 quotes the key: `Incorrect API key provided: sk-…`).
 *
 * @param secrets values that must not appear, in plain, percent-encoded, or as JSON escapes them
 */
export function maskProviderText(text: string, secrets: readonly string[]): string {
  let masked = text;
  const longestFirst = secrets
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .toSorted((a, b) => b.length - a.length);
  for (const secret of longestFirst) {
    for (const form of formsOf(secret)) masked = masked.replaceAll(form, MASK);
  }
  for (const pattern of PATTERNS) masked = masked.replace(pattern, MASK);
  return masked.replace(LEADS, (_, lead: string) => lead + MASK);
}
