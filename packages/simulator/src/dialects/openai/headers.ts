/** Response headers of every answer that got as far as a key; flat name, value. */
import type { Exchange } from '../dialect.ts';
import type { KeyOwner } from '../../provider-state.ts';

const VERSION = '2020-10-01';

/** Before a key is known: what the edge adds. */
export const edgeHeaders = (exchange: Exchange): string[] => [
  'x-request-id',
  `req_${exchange.state.random.hex(32)}`,
];

export function accountHeaders(exchange: Exchange, owner: KeyOwner): string[] {
  const elapsed = exchange.state.clock.now() - exchange.call.startedMs;
  return [
    'openai-organization',
    owner.organization,
    'openai-processing-ms',
    String(Math.max(1, Math.round(elapsed))),
    'openai-project',
    owner.project,
    'openai-version',
    VERSION,
    'x-request-id',
    `req_${exchange.state.random.hex(32)}`,
  ];
}
