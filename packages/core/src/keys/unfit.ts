/**
 * Why a model cannot take a request at all, whatever its keys have left: the request is longer than its context, holds what it cannot
 * read, asks for what it cannot do, cannot be said in its provider's dialect without losing something where nothing may be lost, needs what is
 * kept elsewhere, or is a conversation, which its provider does not hold.
 */
export const UNFIT = [
  'context_too_long',
  'no_vision',
  'no_audio',
  'no_files',
  'no_tools',
  'no_json',
  'not_translatable',
  'kept_elsewhere',
  'counts_no_tokens',
  'not_asked_for',
  'holds_no_conversations',
] as const;
export type Unfit = (typeof UNFIT)[number];
