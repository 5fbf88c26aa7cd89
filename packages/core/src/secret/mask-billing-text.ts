/** What stands for a masked sentence. */
const MASK = '[masked]';

/** How providers speak of an account's money. A sentence with one of these says nothing about the request. */
const PHRASES =
  /\b(?:billing|credit balance|account balance|current quota|insufficient[ _](?:balance|funds|credits?)|out of credits|(?:buy|purchase|add|top[ -]?up)(?: more)? (?:credits?|funds)|payment method|past[ -]due|prepaid|spend(?:ing)?[ _]limit|usage limits|remaining credits?|invoices?|subscription plan)\b/gi;

/** Where a sentence in a JSON text ends: its punctuation, the string's own end, an escape. */
const isBoundary = (text: string, at: number): boolean => {
  const character = text[at];
  if (character === '"' || character === '\\' || character === '\n') return true;
  const ends = character === '.' || character === '!' || character === '?';
  return ends && (text[at + 1] === ' ' || text[at + 1] === '"' || at + 1 === text.length);
};

/**
 * Takes sentences about the provider account's money out of an error text, plain or as JSON, which stays JSON. For what a caller sees:
 * the operator's bill is not the caller's business, and what the sentence advises is nothing a caller could do.
 */
export function maskBillingText(text: string): string {
  let masked = '';
  let taken = 0;
  for (const found of text.matchAll(PHRASES)) {
    if (found.index < taken) continue;
    let start = found.index;
    while (start > taken && !isBoundary(text, start - 1)) start -= 1;
    while (text[start] === ' ') start += 1;
    let end = found.index + found[0].length;
    while (end < text.length && !isBoundary(text, end)) end += 1;
    const punctuated = /[.!?]/.test(text[end] ?? '');
    masked += text.slice(taken, start) + MASK;
    taken = punctuated ? end + 1 : end;
  }
  return masked + text.slice(taken);
}
