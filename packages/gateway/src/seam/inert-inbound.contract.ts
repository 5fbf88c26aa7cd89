import type { Inbound } from './inbound.ts';

/** A request of nobody, for tests of what does not look at it. */
export const INERT_INBOUND: Inbound = {
  method: 'POST',
  target: '/v1/chat/completions',
  rawHeaders: [],
  announcedBytes: 0,
  hasBody: false,
  readBody: () => Promise.resolve(new Uint8Array()),
  respond: () => undefined,
  begin: () => undefined,
  write: () => true,
  finish: () => undefined,
  abort: () => undefined,
  closed: false,
  events: null,
};
