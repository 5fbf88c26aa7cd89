import { createHash } from 'node:crypto';
import { positionsOf } from '@keywell/wire/multipart/positions-of';
import { boundaryIn } from '@keywell/wire/multipart/read-form';
import type { Exchange } from '../pipeline/exchange.ts';

/** What of a call tells it from another one: in Gemini's dialect the model and the kind of answer stand in the path and the query. */
export type CallParts = Pick<
  Exchange,
  'path' | 'query' | 'asks' | 'asArray' | 'modelName' | 'contentType' | 'body'
>;

/**
 * The same for a call that is sent again, and for no other: one hash over where it goes and its bytes. A form is the same whatever its
 * boundary, which clients draw anew each time they send.
 */
export function fingerprintOf(call: CallParts): string {
  const { path, query, asks, asArray, modelName, contentType, body } = call;
  // What is passed through says what it is about in its query, too.
  const passed = asks?.kind === 'passed' ? [asks.method, query] : [];
  const place = JSON.stringify([path, asArray, modelName, ...passed]);
  const hash = createHash('sha256').update(place);
  const boundary = contentType === null ? null : boundaryIn(contentType);
  if (boundary === null) return hash.update('\0').update(body).digest('base64url');
  // With its length before each piece, none can run into the next.
  for (const piece of piecesOf(body, boundary)) {
    hash.update(`\0${piece.byteLength}\0`).update(piece);
  }
  return hash.digest('base64url');
}

/** What stands between the boundaries. */
function piecesOf(body: Uint8Array, boundary: string): readonly Uint8Array[] {
  const places = positionsOf(body, Buffer.from(boundary), Infinity);
  const ends = [...places, body.byteLength];
  return ends.map((end, index) =>
    body.subarray(index === 0 ? 0 : (places[index - 1] ?? 0) + boundary.length, end),
  );
}
