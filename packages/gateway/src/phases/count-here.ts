import type { Exchange } from '../pipeline/exchange.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { estimateUsage } from '../relay/estimate-usage.ts';
import { renderCount } from '../translate/count-tokens.ts';
import { countingFace } from '../translate/fitness.ts';

/** Where no provider of the pool counts tokens the answer is an estimate from the request's size, and says so in a header. */
export function countHere(exchange: Exchange): PhaseResult {
  const { model, conversation, inbound } = exchange;
  if (model === null || conversation === null) return null;
  const counts = model.plan.tiers.some(({ candidates }) =>
    candidates.some((candidate) => countingFace(exchange, candidate) !== null),
  );
  if (counts) return null;
  const body = renderCount(estimateUsage(exchange, 0).inputTokens, conversation);
  exchange.status = 200;
  exchange.responseBytes = Buffer.byteLength(body);
  inbound.respond(
    200,
    [
      'content-type',
      'application/json',
      'keywell-request-id',
      exchange.id,
      'keywell-estimated',
      'true',
      ...exchange.limitHeaders,
    ],
    body,
  );
  return 'done';
}
