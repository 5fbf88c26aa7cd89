import type { Exchange } from '../pipeline/exchange.ts';
import { CallTranslation } from './call-translation.ts';

/** The call in other dialects, made at the first question. */
export function translationOf(exchange: Exchange): CallTranslation {
  const { conversation, facts } = exchange;
  if (conversation === null || facts === null) throw new Error('no conversation to translate');
  exchange.translation ??= new CallTranslation({
    id: exchange.id,
    dialect: conversation,
    body: exchange.body,
    facts,
    wallStartedAt: exchange.wallStartedAt,
  });
  return exchange.translation;
}
