/**
 * Anthropic's Messages API. Shapes: `resources/messages/messages.d.ts` of the official SDK (@anthropic-ai/sdk 1.14.0) and
 * https://platform.claude.com/docs/en/api/messages.
 */
export const MESSAGES = 'anthropic-messages';
