/** The wire formats of conversations: those a caller may speak, and those a provider may. */
export const DIALECTS = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
] as const;
export type Dialect = (typeof DIALECTS)[number];
