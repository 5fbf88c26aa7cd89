/** Why a WebSocket ended: codes of RFC 6455 section 7.4 and the IANA registry. */
export const CLOSE = Object.freeze({
  normal: 1000,
  goingAway: 1001,
  noStatus: 1005,
  abnormal: 1006,
  failed: 1011,
});

/** Said by a provider that has ended the session itself, for whatever reason: it is told on as it is. */
const TOLD: ReadonlySet<number> = new Set([1000, 1001, 1003, 1007, 1008, 1009]);

/** What the caller is told of a provider's close; null where the provider has failed. */
export function closeForCaller(code: number): number | null {
  if (code === CLOSE.noStatus) return CLOSE.normal;
  return TOLD.has(code) || (code >= 3000 && code <= 4999) ? code : null;
}

/** Whether a caller has said goodbye, or is just gone. */
export const isGoodbye = (code: number): boolean =>
  code === CLOSE.normal || code === CLOSE.goingAway || code === CLOSE.noStatus;

/** A reason as a close frame can hold it: 123 bytes of UTF-8. */
export function shortReason(reason: string): string {
  let text = reason.slice(0, 123);
  while (Buffer.byteLength(text) > 123) text = text.slice(0, -1);
  return text;
}
