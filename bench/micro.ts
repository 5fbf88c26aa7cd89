// npm run bench:micro: what the pieces of the request path cost by themselves, on one thread. Ratios mean more than the figures.
import type { PoolRecord, ProviderRecord } from '../packages/core/src/snapshot/snapshot.ts';
import { PLAIN_CHARGE } from '../packages/core/src/keys/charge-rule.ts';
import { Secret } from '../packages/core/src/secret/secret.ts';
import { choose, createTried } from '../packages/core/src/keys/choose.ts';
import { initKeyTable, openKeyTable } from '../packages/core/src/keys/key-table.ts';
import { planKeys } from '../packages/core/src/keys/plan.ts';
import { reserve, settle } from '../packages/core/src/keys/reserve.ts';
import { SUCCESS } from '../packages/core/src/keys/verdict.ts';
import { CounterTable } from '../packages/core/src/limits/counter-table.ts';
import { vendorOf } from '../packages/providers/src/registry.ts';
import { editRequest, readRequest } from '../packages/wire/src/openai-chat/request.ts';
import { readResponse } from '../packages/wire/src/openai-chat/response.ts';
import { StreamObserver } from '../packages/wire/src/openai-chat/stream-observer.ts';
import { median } from './figures.ts';
import { chatRequest, COMPLETION, delta, DONE_TEXT, eventText, MODEL } from './payloads.ts';

const TURNS = 7;
const TURN_MS = 60;
const clock = (): number => performance.now();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Nanoseconds of one operation: the median of several short turns, after one that is not counted. */
function cost(operation: () => void): number {
  const turn = (): number => {
    const from = clock();
    let done = 0;
    for (; clock() - from < TURN_MS; done += 200) {
      for (let index = 0; index < 200; index += 1) operation();
    }
    return ((clock() - from) * 1e6) / done;
  };
  turn();
  return median(Array.from({ length: TURNS }, turn));
}

/** Choosing, taking and giving back a key of a pool with so many keys, each in a domain of its own. */
function keyRound(keys: number): () => void {
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
  };
  const plan = planKeys({ providers: [provider], pools: [pool] });
  const buffer = new SharedArrayBuffer(plan.byteLength(3));
  initKeyTable(plan, buffer);
  const table = openKeyTable(plan, buffer, { worker: 1, epoch: 1 });
  const tier = plan.pools.get('chat')?.tiers[0];
  if (tier === undefined) throw new Error('the pool has no tier');
  const random = Math.random;
  return () => {
    const now = clock();
    const candidate = choose(table, tier, createTried(), { now, random });
    const reservation = candidate === null ? null : reserve(table, candidate, now);
    if (reservation === null) throw new Error('no key');
    settle(table, reservation, SUCCESS, { now, wallNow: 0, random });
  };
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
  ['choose, reserve, settle among 5 keys', keyRound(5)],
  ['choose, reserve, settle among 1,000 keys', keyRound(1000)],
  ['answer of 1 KB: read its usage', responseRound()],
  ['stream of 60 events: observe', streamRound()],
  ['refusal: classify a 429', classifyRound()],
];

for (const [name, operation] of cases) {
  process.stdout.write(`${cost(operation).toFixed(0).padStart(8)} ns  ${name}\n`);
}
