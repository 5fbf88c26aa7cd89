import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../json/value.ts';
import { PAIRS } from './codecs.contract.ts';
import { recordedAnswers, recordedRequests } from './fixtures.contract.ts';
import { foldedJson } from './folded-json.contract.ts';
import {
  requestsOf,
  responsesOf,
  translateRequest,
  translateResponse,
  type Written,
} from './translate-pair.contract.ts';

/** A file for each pair, in which what is dropped stands above what becomes of a body. */
function goldenText(
  bodies: Iterable<readonly [string, JsonObject]>,
  translate: (body: JsonObject) => Written,
): string {
  const all = [...bodies].map(([name, body]) => {
    const { dropped, body: written } = translate(body);
    return [name, { dropped, body: written }] as const;
  });
  return `${foldedJson(Object.fromEntries(all))}\n`;
}

describe.each(PAIRS)('from $caller to $provider', (pair) => {
  const { caller, provider } = pair;

  it('requests are written as they were', async () => {
    const bodies = [...requestsOf(caller), ...recordedRequests(caller)];
    expect(bodies.length).toBeGreaterThan(20);
    const golden = goldenText(bodies, (body) => translateRequest(pair, body));
    await expect(golden).toMatchFileSnapshot(`requests/${caller}--${provider}.json`);
  });

  it('answers are written as they were', async () => {
    const bodies = [...responsesOf(provider), ...recordedAnswers(provider)];
    expect(bodies.length).toBeGreaterThan(10);
    const golden = goldenText(bodies, (body) => translateResponse(pair, body));
    await expect(golden).toMatchFileSnapshot(`answers/${provider}--${caller}.json`);
  });
});
