import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestRecord, TimelineEvent } from '@keywell/core/log/request-record';
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
  let records: RequestRecord[];
  let failures: unknown[];

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
    await eventually(
      'the log holds every call',
      async () => {
        records = await readLog(keywell);
        return records.length >= CALLS;
      },
      15_000,
    );
  }, 120_000);

  afterAll(async () => {
    await keywell?.dispose();
    await simulator?.close();
  });

  it('answers every call of an SDK that never retries', () => {
    expect(failures).toEqual([]);
  });

  it('pays once for each failure: the calls, and one more for each verdict', () => {
    const refusals = verdictsOf(records).filter(({ class: name }) => name !== 'success');
    expect(simulator.counts().total.calls).toBe(CALLS + refusals.length);
    expect(refusals.length).toBeLessThanOrEqual(3 + 3 * CONCURRENCY);
    expect(new Set(refusals.map((verdict) => verdict.class))).toEqual(
      new Set(['funds_exhausted', 'credential_dead', 'window_exhausted_short']),
    );
  });

  it('starts no call to a dry domain after its verdict', () => {
    const dryAt = new Map<string, number>();
    for (const { at, event, domain } of attemptsOf(records)) {
      if (event.kind !== 'verdict' || event.class === 'success') continue;
      dryAt.set(domain, Math.min(dryAt.get(domain) ?? Infinity, at));
    }
    expect([...dryAt.keys()].toSorted()).toEqual(['openai/org-1', 'openai/org-2', 'openai/org-3']);
    const late = attemptsOf(records).filter(
      // Clocks in the log are rounded to a tenth of a millisecond and to whole milliseconds at a request's start.
      ({ at, event, domain }) => event.kind === 'attempt' && at > (dryAt.get(domain) ?? Infinity) + 2,
    );
    expect(late).toEqual([]);
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
  const client = new OpenAI({ apiKey: consumer.key, baseURL: keywell.baseUrl, maxRetries: 0 });
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
        const answer = await client.chat.completions.create({
          model: 'smart',
          messages: [{ role: 'user', content: `call ${started}` }],
        });
        if (answer.choices[0]?.message.content === undefined) failures.push('no content');
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, one));
  return failures;
}

async function readLog(keywell: KeywellProcess): Promise<RequestRecord[]> {
  const records: RequestRecord[] = [];
  let before = '';
  for (;;) {
    const cursor = before === '' ? '' : `&before=${encodeURIComponent(before)}`;
    const answer = await keywell.admin(`/api/v1/logs?limit=500${cursor}`);
    const page = (await answer.json()) as { records: RequestRecord[]; next: string | null };
    records.push(...page.records);
    if (page.next === null) return records;
    before = page.next;
  }
}

interface Step {
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly event: TimelineEvent;
  readonly domain: string;
}

/** Attempts and verdicts of all requests on one time axis, each with the domain it concerns. */
function attemptsOf(records: readonly RequestRecord[]): readonly Step[] {
  return records.flatMap((record) => {
    let domain = '';
    return record.timeline.flatMap((event) => {
      if (event.kind === 'attempt') ({ domain } = event);
      if (event.kind !== 'attempt' && event.kind !== 'verdict') return [];
      return [{ at: record.startedAt + event.at, event, domain }];
    });
  });
}

function verdictsOf(records: readonly RequestRecord[]) {
  return records
    .flatMap((record) => record.timeline)
    .filter((event) => event.kind === 'verdict');
}
