// npm run bench:micro: what the pieces of the request path cost by themselves, on one thread. Ratios mean more than the figures.
import {
  UNKNOWN_CAPABILITIES,
  type PoolRecord,
  type ProviderRecord,
} from '../packages/core/src/snapshot/snapshot.ts';
import { PLAIN_CHARGE } from '../packages/core/src/keys/charge-rule.ts';
import { Secret } from '../packages/core/src/secret/secret.ts';
import { choose, createTried } from '../packages/core/src/keys/choose.ts';
import { initKeyTable, openKeyTable, type KeyTable } from '../packages/core/src/keys/key-table.ts';
import type { LimitObservation } from '../packages/core/src/keys/limit-observation.ts';
import { chargedOf, needOf } from '../packages/core/src/keys/need.ts';
import { observeLimits } from '../packages/core/src/keys/observe-limits.ts';
import { planKeys, type Candidate, type KeyPlan } from '../packages/core/src/keys/plan.ts';
import { reserve, settle } from '../packages/core/src/keys/reserve.ts';
import { SUCCESS } from '../packages/core/src/keys/verdict.ts';
import { CounterTable } from '../packages/core/src/limits/counter-table.ts';
import { vendorOf } from '../packages/providers/src/registry.ts';
import { editRequest, readRequest } from '../packages/wire/src/openai-chat/request.ts';
import { readResponse } from '../packages/wire/src/openai-chat/response.ts';
import { StreamObserver } from '../packages/wire/src/openai-chat/stream-observer.ts';
import { cost } from './cost-of.ts';
import {
  answerPiece,
  PAIRS,
  pairName,
  requestPiece,
  streamPiece,
  WORDS_A_STREAM,
} from './dialects/pieces.ts';
import { chatRequest, COMPLETION, delta, DONE_TEXT, eventText, MODEL } from './payloads.ts';

const clock = (): number => performance.now();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A pool with so many keys, each in a domain of its own. */
function planOf(keys: number): KeyPlan {
  const provider: ProviderRecord = {
    id: 'bench',
    kind: 'openai',
    baseUrl: 'http://127.0.0.1:1/v1',
    streamUsage: true,
    freeChecks: true,
    charge: PLAIN_CHARGE,
    failures: [],
    keys: Array.from({ length: keys }, (_, index) => ({
      id: `k${index}`,
      value: new Secret('bench'),
      fingerprint: String(index),
      domain: [`org-${index}`],
      domainPinned: true,
      domainInferred: false,
      ownerTenant: null,
      limits: [],
      weight: 1,
      models: [],
      organization: null,
      project: null,
    })),
  };
  const pool: PoolRecord = {
    id: 'chat',
    tiers: [
      {
        targets: [
          {
            provider: 'bench',
            model: MODEL,
            weight: 1,
            keys: [],
            group: MODEL,
            price: null,
            contextLength: null,
            capabilities: UNKNOWN_CAPABILITIES,
          },
        ],
      },
    ],
    deadlineMs: 60_000,
    connectTimeoutMs: 5000,
    firstByteTimeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    maxStreamDurationMs: 60_000,
    retryAmbiguous: 'once',
    maxWaitMs: 0,
    spillAfterMs: 0,
    maxWaiting: 1000,
    strategy: 'headroom',
    affinity: 'none',
    hedge: null,
    continuation: false,
    strictTranslation: false,
    fallbackOn: ['context_length'],
  };
  return planKeys({ providers: [provider], pools: [pool] });
}

function tableOf(plan: KeyPlan): KeyTable {
  const buffer = new SharedArrayBuffer(plan.byteLength(3));
  initKeyTable(plan, buffer);
  return openKeyTable(plan, buffer, { worker: 1, epoch: 1 });
}

/** Choosing, taking and giving back a key of so many, each with so many limits that are known. */
function keyRound(keys: number, dimensions: number): () => void {
  const plan = planOf(keys);
  const table = tableOf(plan);
  const tier = plan.pools.get('chat')?.tiers[0];
  if (tier === undefined) throw new Error('the pool has no tier');
  const random = Math.random;
  const need = needOf(PLAIN_CHARGE, SIZE);
  const charged = chargedOf(PLAIN_CHARGE, USAGE, need);
  if (dimensions > 0) tellLimits(table, tier.candidates, LIMITS.slice(0, dimensions));
  return () => {
    const now = clock();
    const candidate = choose(table, tier, createTried(), { now, random, need });
    const reservation = candidate === null ? null : reserve(table, candidate, now, need);
    if (reservation === null) throw new Error('no key');
    settle(table, reservation, SUCCESS, { now, wallNow: 0, random, charged });
  };
}

const SIZE = { inputTokens: 800, maxOutputTokens: 400, choices: 1, contextLength: null };
const USAGE = { inputTokens: 800, outputTokens: 120, cachedTokens: 0 };

/** Large enough that nothing runs dry while it is measured. */
const LIMITS: readonly LimitObservation[] = (
  [
    'requests_minute',
    'tokens_minute',
    'input_tokens_minute',
    'output_tokens_minute',
    'requests_day',
  ] as const
).map((dimension) => ({
  dimension,
  limit: 1e11,
  remaining: 9e10,
  resetInMs: 60_000,
  reset: 'full_again',
  refill: 'continuous',
  source: 'header',
}));

/** As if every key had answered once. */
function tellLimits(
  table: KeyTable,
  candidates: readonly Candidate[],
  limits: readonly LimitObservation[],
): void {
  for (const candidate of candidates) {
    const now = clock();
    const reservation = reserve(table, candidate, now);
    if (reservation === null) throw new Error('no key');
    observeLimits(table, reservation, limits, { now });
    settle(table, reservation, SUCCESS, { now, wallNow: 0, random: Math.random });
  }
}

/** Taking in what one response told about so many limits, its attempt still open. */
function observeRound(dimensions: number): () => void {
  const plan = planOf(100);
  const table = tableOf(plan);
  const [candidate] = plan.candidates;
  const reservation = candidate === undefined ? null : reserve(table, candidate, clock());
  if (reservation === null) throw new Error('no key');
  const limits = LIMITS.slice(0, dimensions);
  return () => observeLimits(table, reservation, limits, { now: clock() });
}

function limitRound(): () => void {
  const table = new CounterTable(new SharedArrayBuffer(CounterTable.bytes(16)), {
    worker: 1,
    epoch: 1,
  });
  return () => void table.takeRequest(3, 1, 1_000_000, clock());
}

function requestRound(): () => void {
  const body = bytes(chatRequest('smart', true));
  return () => {
    const read = readRequest(body, 'chat.completions');
    if (!read.ok) throw new Error(read.message);
    editRequest(body, read.facts, { model: MODEL, addStreamUsage: true });
  };
}

function parseRound(): () => void {
  const text = new TextDecoder();
  const body = bytes(chatRequest('smart', true));
  return () => void JSON.stringify({ ...JSON.parse(text.decode(body)), model: MODEL });
}

function responseRound(): () => void {
  const body = bytes(COMPLETION);
  return () => void readResponse(body, 'chat.completions');
}

function streamRound(): () => void {
  const word = bytes(eventText(delta({ content: ' word' }, null)));
  const last = [eventText(delta({}, 'stop')), DONE_TEXT].map(bytes);
  return () => {
    const observer = new StreamObserver({ hideUsage: true, operation: 'chat.completions' });
    for (let index = 0; index < 60; index += 1) observer.push(word);
    for (const each of last) observer.push(each);
    if (!observer.end().clean) throw new Error('the stream was not clean');
  };
}

function classifyRound(): () => void {
  const vendor = vendorOf('openai');
  if (vendor === null) throw new Error('no such vendor');
  const message =
    'Rate limit reached for gpt-5 in organization org-1 on requests per min (RPM): Limit 500, Used 500, Requested 1. Please try again in 120ms.';
  const body = JSON.stringify({
    error: { message, type: 'requests', param: null, code: 'rate_limit_exceeded' },
  });
  const headers: Readonly<Record<string, string>> = { 'retry-after': '1' };
  const header = (name: string): string | undefined => headers[name];
  const outcome = { status: 429, failure: null, header, body, wallNow: 1_790_000_000_000 };
  return () => void vendor.classify(outcome);
}

const cases: readonly (readonly [string, () => void])[] = [
  ["a consumer's limit: take one request", limitRound()],
  ['request of 2 KB: read and edit in place', requestRound()],
  ['the same by JSON.parse and JSON.stringify', parseRound()],
  ['choose, reserve, settle among 5 keys without limits', keyRound(5, 0)],
  ['choose, reserve, settle among 100 keys × 5 dimensions', keyRound(100, 5)],
  ['choose, reserve, settle among 10,000 keys × 5 dimensions', keyRound(10_000, 5)],
  ['observe 5 limits of a response', observeRound(5)],
  ['answer of 1 KB: read its usage', responseRound()],
  ['stream of 60 events: observe', streamRound()],
  ['refusal: classify a 429', classifyRound()],
  ...PAIRS.flatMap((pair): readonly (readonly [string, () => void])[] => [
    [`${pairName(pair)}: translate the request of 2 KB`, requestPiece(pair)],
    [`${pairName(pair)}: translate the answer of 1 KB`, answerPiece(pair)],
    [`${pairName(pair)}: translate a stream of ${WORDS_A_STREAM} words`, streamPiece(pair)],
  ]),
];

for (const [name, operation] of cases) {
  process.stdout.write(`${cost(operation).toFixed(0).padStart(8)} ns  ${name}\n`);
}
