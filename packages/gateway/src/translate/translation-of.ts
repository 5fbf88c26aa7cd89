import type { Exchange } from '../pipeline/exchange.ts';
import { CallTranslation } from './call-translation.ts';

/** What of a request a translation is made of, and kept in. */
export type Spoken = Pick<
  Exchange,
  | 'id'
  | 'operation'
  | 'conversation'
  | 'contentType'
  | 'facts'
  | 'body'
  | 'wallStartedAt'
  | 'translation'
>;

/** The call in other dialects, made at the first question. */
export function translationOf(exchange: Spoken): CallTranslation {
  const { conversation, facts } = exchange;
  if (conversation === null || facts === null) throw new Error('no conversation to translate');
  exchange.translation ??= new CallTranslation({
    id: exchange.id,
    dialect: conversation,
    body: exchange.body,
    facts,
    counts: exchange.operation === 'count_tokens',
    wallStartedAt: exchange.wallStartedAt,
  });
  return exchange.translation;
}
