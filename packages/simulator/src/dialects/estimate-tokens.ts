/** The simulator's tokenizer: one token for every four bytes of UTF-8, at least one. */
export const estimateTokens = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4));
