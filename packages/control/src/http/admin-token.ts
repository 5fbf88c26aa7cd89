import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '@keywell/core/secret/secret';

export type TokenCheck = 'ok' | 'missing' | 'wrong';

/** Checks the bearer token of a request in time that says nothing about the right one. No other place of a token is looked at. */
export function createTokenCheck(token: Secret): (authorization: string | undefined) => TokenCheck {
  const expected = digest(token.reveal());
  return (authorization) => {
    if (authorization === undefined) return 'missing';
    const given = /^bearer +([\u0021-\u007e]{1,512})$/i.exec(authorization)?.[1] ?? '';
    return timingSafeEqual(digest(given), expected) && given !== '' ? 'ok' : 'wrong';
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
