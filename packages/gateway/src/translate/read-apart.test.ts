import { DIALECTS } from '@keywell/wire/canonical/dialect';
import { readConversation, type CallerDialect } from '@keywell/wire/edit/conversation';
import { describe, expect, it } from 'vitest';
import { bareExchange, barePlane } from '../pipeline/bare-plane.contract.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import { loadCodecs } from './codec-of.ts';
import { unfitFor } from './fitness.ts';
import { isReadApart, readApart, readBeforeChoice } from './read-apart.ts';
import { translationOf } from './translation-of.ts';

await loadCodecs(DIALECTS);

const { live } = barePlane({ send: () => undefined, close: () => Promise.resolve() });
const [candidate] = live.plan.candidates;

function callOf(dialect: CallerDialect, length: number): Exchange {
  if (candidate === undefined) throw new Error('a plan without candidates');
  const exchange = bareExchange(live);
  const contents = [{ role: 'user', parts: [{ text: 'x'.repeat(length) }] }];
  const messages = [{ role: 'user', content: 'x'.repeat(length) }];
  const said = dialect === 'gemini' ? { contents } : { model: 'm', messages };
  exchange.body = Buffer.from(JSON.stringify(said));
  exchange.conversation = dialect;
  const read = readConversation(exchange.body, dialect, { model: 'm', stream: false });
  if (!read.ok) throw new Error(read.message);
  exchange.facts = read.facts;
  return exchange;
}

const LARGE = 200_000;

describe('a call for a provider of another dialect', () => {
  it('is read step by step where it is large, and where it has to be translated at all', () => {
    if (candidate === undefined) throw new Error('a plan without candidates');
    expect(isReadApart(callOf('gemini', LARGE), candidate)).toBe(true);
    expect(isReadApart(callOf('gemini', 1000), candidate)).toBe(false);
    expect(isReadApart(callOf('openai-chat', LARGE), candidate)).toBe(false);
  });

  it('lets others in before, between and behind the steps', async () => {
    const exchange = callOf('gemini', LARGE);
    const seen: string[] = [];
    const others = (): void => {
      seen.push('others');
      if (seen.length < 100) setImmediate(others);
    };
    setImmediate(others);
    const reading = readApart(exchange);
    const { translation } = exchange;
    if (translation === null) throw new Error('nothing is read');
    const parse = translation.parse.bind(translation);
    const canonical = translation.canonical.bind(translation);
    translation.parse = () => {
      seen.push('parse');
      parse();
    };
    translation.canonical = () => {
      seen.push('understand');
      return canonical();
    };
    expect(await reading).toBe(true);
    seen.push('written');
    const steps = seen.filter((each, at) => each !== 'others' || seen[at - 1] !== 'others');
    expect(steps.slice(0, 6)).toEqual([
      'others',
      'parse',
      'others',
      'understand',
      'others',
      'written',
    ]);
  });

  it('is read before anybody is chosen where somebody has to be told it in another dialect', async () => {
    const { model } = callOf('gemini', LARGE);
    if (model === null) throw new Error('a call without a model');
    for (const [dialect, read] of [
      ['gemini', true],
      ['openai-chat', false],
    ] as const) {
      const exchange = callOf(dialect, LARGE);
      expect(await readBeforeChoice(exchange, model.plan)).toBe(true);
      expect(exchange.translation !== null).toBe(read);
    }
  });

  it('is written for every provider and model of a strict pool in steps of their own, and not again', async () => {
    const exchange = callOf('gemini', LARGE);
    exchange.strict = true;
    const plan = exchange.model?.plan;
    const tier = plan?.tiers[0];
    const first = tier?.candidates[0];
    if (plan === undefined || tier === undefined || first === undefined) {
      throw new Error('a pool without candidates');
    }
    const second = { ...first, model: 'other' };
    const both = { ...plan, tiers: [{ ...tier, candidates: [first, second, first] }] };
    const seen: string[] = [];
    const others = (): void => {
      seen.push('others');
      if (seen.length < 200) setImmediate(others);
    };
    setImmediate(others);
    const translation = translationOf(exchange);
    const lossFor = translation.lossFor.bind(translation);
    translation.lossFor = (face, to) => {
      seen.push(to.model);
      return lossFor(face, to);
    };
    expect(await readBeforeChoice(exchange, both)).toBe(true);
    const steps = seen.filter((each) => each !== 'others');
    expect(steps).toEqual([first.model, 'other']);
    expect(seen[seen.indexOf('other') - 1]).toBe('others');
    expect(unfitFor(exchange, first)).toBeNull();
    expect(unfitFor(exchange, second)).toBeNull();
    expect(seen.filter((each) => each !== 'others')).toHaveLength(4);
  });

  it('is read no further once its caller has left', async () => {
    const exchange = callOf('gemini', LARGE);
    const reading = readApart(exchange);
    exchange.callerGone = true;
    expect(await reading).toBe(false);
  });
});
