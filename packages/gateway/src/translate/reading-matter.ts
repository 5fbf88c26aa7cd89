import { translationOf, type Spoken } from './translation-of.ts';

/** Up to this size a body is taken for text without a look: what is attached to it weighs little. */
const SMALL = 32 * 1024;
/** About what providers count for a picture or a page: their tokens do not follow from the bytes. */
const TOKENS_AN_ATTACHMENT = 1000;

/** What there is to read in a call: bytes of text, and tokens for what is attached to it. */
export interface ReadingMatter {
  readonly textBytes: number;
  readonly attachedTokens: number;
}

export function readingMatterOf(exchange: Spoken): ReadingMatter {
  const { body, contentType, conversation } = exchange;
  // A form is a file and a few words.
  if (contentType !== null) return { textBytes: 0, attachedTokens: TOKENS_AN_ATTACHMENT };
  if (conversation === null || body.byteLength <= SMALL) {
    return { textBytes: body.byteLength, attachedTokens: 0 };
  }
  const { textBytes, attachments } = translationOf(exchange).matter();
  return { textBytes, attachedTokens: attachments * TOKENS_AN_ATTACHMENT };
}
