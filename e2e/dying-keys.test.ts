import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import type { RequestView, TimelineEventView } from '@keywell/contract/admin/admin-schemas';
import { startSimulator, type Simulator } from '@keywell/simulator/start-simulator';
import { newConsumerKey } from './support/consumer-keys.ts';
import { eventually, startKeywell, type KeywellProcess } from './support/keywell-process.ts';

const CALLS = 2000;
const CONCURRENCY = 32;
const LIMITS = { requestsPerMinute: 1_000_000, tokensPerMinute: 1_000_000_000 };

/** Five keys in four organizations; a and b share one. */
const KEYS = [
  { alias: 'a', organization: 'org-1', value: 'sk-story-canary-key-aaaa' },
  { alias: 'b', organization: 'org-1', value: 'sk-story-canary-key-bbbb' },
  { alias: 'c', organization: 'org-2', value: 'sk-story-canary-key-cccc' },
  { alias: 'd', organization: 'org-3', value: 'sk-story-canary-key-dddd' },
  { alias: 'e', organization: 'org-4', value: 'sk-story-canary-key-eeee' },
];

const consumer = newConsumerKey();

const configOf = (baseUrl: string): string => `version: 1
providers:
  - id: openai
    kind: openai
    base_url: '${baseUrl}'
    keys:
${KEYS.map(({ alias, organization }) => `      - { id: ${alias}, value: 'env:STORY_KEY_${alias.toUpperCase()}', domain: ${organization} }`).join('\n')}
pools:
  - { id: chat, tiers: [{ targets: [{ provider: openai, model: gpt-5-mini }] }] }
models: [{ alias: smart, pool: chat }]
consumers:
  - { id: web, key_hash: '${consumer.keyHash}', models: [smart] }
`;

describe('five keys in four organizations, three of which die while 2,000 calls run', () => {
  let simulator: Simulator;
  let keywell: KeywellProcess;
  let records: RequestView[];
  let steps: readonly Step[];
  let failures: unknown[];
  let callsSent: number;

  beforeAll(async () => {
    simulator = await startSimulator({
      profile: {
        organizations: ['org-1', 'org-2', 'org-3', 'org-4'].map((id) => ({
          id,
          projects: [
            {
              id: `${id}-project`,
              keys: KEYS.filter((key) => key.organization === id).map(({ alias, value }) => ({
                alias,
                value,
              })),
            },
          ],
        })),
        models: [{ id: 'gpt-5-mini', limits: LIMITS }],
      },
    });
    keywell = await startKeywell({
      config: configOf(simulator.url),
      env: Object.fromEntries(
        KEYS.map(({ alias, value }) => [`STORY_KEY_${alias.toUpperCase()}`, value]),
      ),
    });
    failures = await runCalls(keywell, simulator);
    callsSent = simulator.counts().total.calls;
    await eventually(
      'the log holds every call',
      async () => {
        records = await readLog(keywell);
        return records.length >= CALLS;
      },
      15_000,
    );
    steps = await readSteps(keywell, records);
  }, 120_000);

  afterAll(async () => {
    await keywell?.dispose();
    await simulator?.close();
  });

  it('answers every call of an SDK that never retries', () => {
    expect(failures).toEqual([]);
  });

  it('pays once for each failure: the calls, and one more for each verdict', () => {
    const refusals = steps.filter(isRefusal).map(({ event }) => event);
    expect(records).toHaveLength(CALLS);
    expect(callsSent).toBe(CALLS + refusals.length);
    expect(refusals.length).toBeLessThanOrEqual(3 + 3 * CONCURRENCY);
    expect(new Set(refusals.map((verdict) => verdict.class))).toEqual(
      new Set(['funds_exhausted', 'credential_dead', 'window_exhausted_short']),
    );
  });

  it('starts no call to a dry domain after its verdict', () => {
    const dryAt = firstRefusals(steps);
    expect([...dryAt.keys()].toSorted()).toEqual(['openai/org-1', 'openai/org-2', 'openai/org-3']);
    const late = steps.filter(
      // Clocks in the log are rounded to a tenth of a millisecond and to whole milliseconds at a request's start.
      ({ at, event, domain }) =>
        event.kind === 'attempt' && at > (dryAt.get(domain) ?? Infinity) + 2,
    );
    expect(late).toEqual([]);
  });

  it('leaves the dry keys alone from then on', async () => {
    const before = simulator.counts().keys;
    const client = clientOf(keywell);
    for (let turn = 0; turn < 50; turn += 1) await ask(client, `after ${turn}`);
    const after = simulator.counts().keys;
    for (const key of ['a', 'b', 'c', 'd']) expect(after[key]?.calls).toBe(before[key]?.calls);
    expect(after['e']?.calls).toBe((before['e']?.calls ?? 0) + 50);
  });

  it('shows the countdown of every dry key to the operator, and no key', async () => {
    const answer = await keywell.admin('/api/v1/keys');
    const text = await answer.text();
    expect(answer.status).toBe(200);
    const cooled = text.match(/"state":"(?:partly_)?cooled"/g) ?? [];
    expect(cooled).toHaveLength(4);
    for (const { value } of KEYS) expect(text).not.toContain(value);
  });

  it('keeps every secret out of everything it wrote and printed', async () => {
    const secrets = [...KEYS.map(({ value }) => value), consumer.key];
    const { findInFolder } = await import('./support/find-in-folder.ts');
    const metrics = await (await keywell.admin('/metrics')).text();
    for (const secret of secrets) {
      expect(keywell.output()).not.toContain(secret);
      expect(metrics).not.toContain(secret);
      expect(findInFolder(keywell.dir, secret)).toEqual([]);
    }
  });
});

/** Runs the calls, and lets three organizations die on the way: money, a dead credential for good, a rate limit. */
async function runCalls(keywell: KeywellProcess, simulator: Simulator): Promise<unknown[]> {
  const client = clientOf(keywell);
  const failures: unknown[] = [];
  let started = 0;
  const one = async (): Promise<void> => {
    while (started < CALLS) {
      started += 1;
      if (started === 300) simulator.set({ fault: 'quota_exhausted', organization: 'org-1' });
      if (started === 700) simulator.set({ fault: 'dead_key', key: 'c' });
      if (started === 1100) {
        simulator.set({ fault: 'rate_limited', key: 'd', retryAfterMs: 120_000 });
      }
      try {
        if ((await ask(client, `call ${started}`)) === '') failures.push('no content');
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, one));
  return failures;
}

function clientOf(keywell: KeywellProcess): OpenAI {
  return new OpenAI({ apiKey: consumer.key, baseURL: keywell.baseUrl, maxRetries: 0 });
}

async function ask(client: OpenAI, content: string): Promise<string> {
  const answer = await client.chat.completions.create({
    model: 'smart',
    messages: [{ role: 'user', content }],
  });
  return answer.choices[0]?.message.content ?? '';
}

async function readLog(keywell: KeywellProcess): Promise<RequestView[]> {
  const records: RequestView[] = [];
  let before = '';
  for (;;) {
    const cursor = before === '' ? '' : `&before=${encodeURIComponent(before)}`;
    const answer = await keywell.admin(`/api/v1/logs?limit=500${cursor}`);
    const page = ADMIN_ROUTES.listLogs.response.parse(await answer.json());
    records.push(...page.data);
    if (page.next === null) return records;
    before = page.next;
  }
}

type VerdictEvent = Extract<TimelineEventView, { readonly kind: 'verdict' }>;
type AttemptEvent = Extract<TimelineEventView, { readonly kind: 'attempt' }>;

interface Step<E = AttemptEvent | VerdictEvent> {
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly event: E;
  readonly domain: string;
}

/**
 * Attempts and verdicts on one time axis: of every request that made several attempts, and of every one that was under way at a key of
 * a dry domain when or after its verdict fell. What ended before proves nothing against the gateway.
 */
async function readSteps(
  keywell: KeywellProcess,
  records: readonly RequestView[],
): Promise<readonly Step[]> {
  const rescued = await readTimelines(
    keywell,
    records.filter(({ attempts }) => attempts > 1),
  );
  const dryAt = firstRefusals(rescued);
  const doubtful = records.filter((record) => {
    const organization = KEYS.find(({ alias }) => alias === record.key)?.organization ?? '';
    const endedAt = record.started_at + record.duration_ms;
    return record.attempts === 1 && endedAt >= (dryAt.get(`openai/${organization}`) ?? Infinity);
  });
  return [...rescued, ...(await readTimelines(keywell, doubtful))];
}

async function readTimelines(
  keywell: KeywellProcess,
  records: readonly RequestView[],
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const { id } of records) {
    const answer = await keywell.admin(`/api/v1/logs/${id}`);
    const record = ADMIN_ROUTES.getLog.response.parse(await answer.json());
    let domain = '';
    for (const event of record.timeline) {
      if (event.kind === 'attempt') ({ domain } = event);
      if (event.kind !== 'attempt' && event.kind !== 'verdict') continue;
      steps.push({ at: record.started_at + event.at, event, domain });
    }
  }
  return steps;
}

function isRefusal(step: Step): step is Step<VerdictEvent> {
  return step.event.kind === 'verdict' && step.event.class !== 'success';
}

/** When each dry domain's first refusal was understood. */
function firstRefusals(steps: readonly Step[]): ReadonlyMap<string, number> {
  const dryAt = new Map<string, number>();
  for (const { at, domain } of steps.filter(isRefusal)) {
    dryAt.set(domain, Math.min(dryAt.get(domain) ?? Infinity, at));
  }
  return dryAt;
}
