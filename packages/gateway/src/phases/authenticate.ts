import { readCredentials } from '@keywell/core/access/credentials';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';

/**
 * Who is calling: one consumer key, from any of the places a dialect's SDK puts it. The checksum turns typing errors away without a
 * look-up; what is looked up is a hash of the whole key, so that neither a prefix nor timing tells anything. May answer 400, 401, 403.
 */
export function authenticate(exchange: Exchange, plane: Plane): PhaseResult {
  const credentials = readCredentials(exchange.inbound.rawHeaders, exchange.query);
  if (credentials.kind === 'conflict') return refuse('conflicting_credentials');
  if (credentials.kind === 'none') {
    plane.meter.add('authFailures');
    return refuse('missing_credentials');
  }
  const consumer = exchange.live.consumerByKey(credentials.value);
  if (consumer === null) {
    plane.meter.add('authFailures');
    return refuse('invalid_credentials');
  }
  exchange.consumer = consumer;
  return consumer.record.enabled ? null : refuse('consumer_disabled');
}
