import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startStory, STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';

type Fault = Parameters<Story['simulator']['set']>[0];
type Face = NonNullable<NonNullable<Parameters<typeof startStory>[0]>['face']>;

/**
 * What each vendor refuses with, on the wire, and what follows: whom the verdict cools, for how long, and which keys are called. Key `a`
 * is asked first; `b` is of the same organization, in another workspace or project of it; `c` is of another organization.
 */
interface Row {
  readonly fault: Fault;
  readonly class: string;
  /** Null: nothing is marked. */
  readonly scope: string | null;
  /** About how long it lasts, seconds, or a text that says until when. */
  readonly lasts?: number | 'usage_date' | 'pacific_midnight';
  /** Which keys are cooled by the one refusal; `a` alone where nothing else is said. */
  readonly cools?: 'a' | 'ab' | 'abc';
}

const row = (fault: Fault, of: string, scope: string | null, lasts?: Row['lasts']): Row => ({
  fault,
  class: of,
  scope,
  ...(lasts === undefined ? {} : { lasts }),
});
const cooling = (cools: 'ab' | 'abc', of: Row): Row => ({ ...of, cools });

const DAY = 86_400_000;
/** Two weeks ahead, 00:00 UTC. */
const USAGE_DATE = new Date(Math.floor(Date.now() / DAY + 14) * DAY).toISOString().slice(0, 10);
const usage = (code?: string): Fault => ({
  fault: 'usage_limit',
  until: USAGE_DATE,
  ...(code === undefined ? {} : { code }),
});
const limited = (dimension: NonNullable<Fault['dimension']>, retryAfterMs = 7000): Fault => ({
  fault: 'rate_limited',
  dimension,
  retryAfterMs,
});
const funds = (code?: string): Fault => ({
  fault: 'quota_exhausted',
  ...(code === undefined ? {} : { code }),
});

const FUNDS = 'funds_exhausted';
const SHORT = 'window_exhausted_short';
const LONG = 'window_exhausted_long';
const TWO_HOURS = 7200;
const SPENT = [FUNDS, 'node', 300] as const;
const DEAD = ['credential_dead', 'key', 900] as const;
const FORBIDDEN = ['model_forbidden', 'key_group', 3600] as const;
const MINUTE = [SHORT, 'node_group', 7] as const;

const TABLE: Readonly<Record<string, { face: Face; kind: string; rows: readonly Row[] }>> = {
  openai: {
    face: 'openai',
    kind: 'openai',
    rows: [
      cooling('ab', row(funds(), ...SPENT)),
      cooling('ab', row(funds('organization_spend_limit_exceeded'), ...SPENT)),
      row(funds('project_spend_limit_exceeded'), ...SPENT),
      row({ fault: 'dead_key' }, ...DEAD),
      row({ fault: 'account_deactivated' }, ...DEAD),
      row({ fault: 'model_forbidden' }, ...FORBIDDEN),
      row(limited('requests_minute'), ...MINUTE),
      row(limited('tokens_minute'), ...MINUTE),
      row(limited('requests_day', TWO_HOURS * 1000), LONG, 'node_group', TWO_HOURS),
      row({ fault: 'slow_down', retryAfterMs: 3000 }, 'slow_down', 'node_group', 3),
      row({ fault: 'overloaded' }, 'provider_overloaded', null),
      row({ fault: 'server_error' }, 'transient', null),
    ],
  },
  anthropic: {
    face: 'anthropic',
    kind: 'anthropic',
    rows: [
      row(usage(), FUNDS, 'node', 'usage_date'),
      cooling('ab', row(usage('organization'), FUNDS, 'node', 'usage_date')),
      cooling('ab', row(usage('enforced_spend_limit_reached'), FUNDS, 'node', 'usage_date')),
      cooling('ab', row(funds(), ...SPENT)),
      cooling('ab', row(funds('billing_error'), ...SPENT)),
      row({ fault: 'dead_key' }, ...DEAD),
      row({ fault: 'account_deactivated' }, ...DEAD),
      row({ fault: 'model_forbidden' }, ...FORBIDDEN),
      row({ fault: 'region_blocked' }, 'region_blocked', 'key', 3600),
      row(limited('requests_minute'), ...MINUTE),
      row(limited('input_tokens_minute'), ...MINUTE),
      row(limited('output_tokens_minute'), ...MINUTE),
      row({ fault: 'rate_limited', dimension: 'concurrency' }, 'concurrency', 'node', 5),
      row({ fault: 'slow_down', retryAfterMs: 3000 }, 'slow_down', 'node_group', 3),
      row({ fault: 'overloaded' }, 'provider_overloaded', null),
      row({ fault: 'server_error' }, 'transient', null),
      row({ fault: 'error_body' }, 'provider_overloaded', null),
    ],
  },
  gemini: {
    face: 'gemini',
    kind: 'gemini',
    rows: [
      row(funds(), ...SPENT),
      row(usage(), ...SPENT),
      row({ fault: 'dead_key' }, ...DEAD),
      row({ fault: 'account_deactivated' }, ...DEAD),
      row({ fault: 'model_forbidden' }, ...FORBIDDEN),
      row(limited('requests_minute'), ...MINUTE),
      row(limited('input_tokens_minute'), ...MINUTE),
      row(limited('requests_day', TWO_HOURS * 1000), LONG, 'node_group', 'pacific_midnight'),
      row(limited('tokens_day', TWO_HOURS * 1000), LONG, 'node_group', 'pacific_midnight'),
      row({ fault: 'slow_down' }, 'slow_down', 'node_group', 1),
      row({ fault: 'overloaded' }, 'provider_overloaded', null),
      row({ fault: 'server_error' }, 'transient', null),
    ],
  },
  groq: {
    face: 'groq',
    kind: 'groq',
    rows: [
      cooling('ab', row(funds(), ...SPENT)),
      row({ fault: 'dead_key' }, ...DEAD),
      row({ fault: 'account_deactivated' }, ...DEAD),
      row({ fault: 'model_forbidden' }, ...FORBIDDEN),
      row(limited('tokens_minute'), ...MINUTE),
      row(limited('requests_day', TWO_HOURS * 1000), LONG, 'node_group', TWO_HOURS),
      // 498: no capacity for flex processing
      row({ fault: 'slow_down' }, 'provider_overloaded', null),
      row({ fault: 'overloaded' }, 'provider_overloaded', null),
    ],
  },
  openrouter: {
    face: 'openrouter',
    kind: 'openrouter',
    rows: [
      cooling('ab', row(funds(), ...SPENT)),
      row(funds('openrouter_key_limit'), FUNDS, 'key', 300),
      cooling('ab', row(funds('openrouter_in_flight_budget'), 'concurrency', 'node', 5)),
      row({ fault: 'dead_key' }, ...DEAD),
      row({ fault: 'model_forbidden' }, ...FORBIDDEN),
      row(limited('requests_minute'), SHORT, 'node_group', 7.5),
      row(limited('requests_day', TWO_HOURS * 1000), LONG, 'node_group', TWO_HOURS),
      // the provider behind it, whose limits are no key's
      row({ fault: 'slow_down' }, 'provider_overloaded', null),
      row({ fault: 'error_body' }, 'provider_overloaded', null),
    ],
  },
  azure: {
    face: 'azure',
    kind: 'azure-openai',
    rows: [
      row(funds(), ...SPENT),
      row({ fault: 'dead_key' }, ...DEAD),
      row({ fault: 'model_forbidden' }, ...FORBIDDEN),
      row(limited('requests_minute'), ...MINUTE),
      row(limited('tokens_minute'), ...MINUTE),
      row(limited('requests_day', TWO_HOURS * 1000), LONG, 'node_group', TWO_HOURS),
      row({ fault: 'slow_down', retryAfterMs: 3000 }, SHORT, 'node_group', 3),
      row({ fault: 'overloaded' }, 'provider_overloaded', null),
      row({ fault: 'server_error' }, 'transient', null),
    ],
  },
};

/** The next midnight in Los Angeles, found by the wall clock there and not by the code under test. */
function pacificMidnight(now: number): number {
  const hourThere = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/Los_Angeles',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  });
  const minute = 60_000;
  let at = (Math.floor(now / minute) + 1) * minute;
  while (hourThere.format(at) !== '00:00') at += minute;
  return at;
}

/** Jitter of up to a second, and another where an instant is counted from the response's `Date`, which has whole seconds. */
const SLACK_S = 2.2;

function secondsOf(lasts: NonNullable<Row['lasts']>): number {
  if (typeof lasts === 'number') return lasts;
  const now = Date.now();
  const end = lasts === 'usage_date' ? Date.parse(USAGE_DATE) : pacificMidnight(now);
  return (end - now) / 1000;
}

const marks = ({ scope }: Row): boolean => scope !== null;

const ask = (story: Story): Promise<Seen> =>
  postJson(
    { url: story.url, key: STORY_KEY },
    {
      model: story.freshModel(),
      max_tokens: 100,
      messages: [{ role: 'user', content: 'hello' }],
    },
  );

const callsBeside = (story: Story): number => {
  const { a: _, ...others } = story.called();
  return Object.values(others).reduce((sum, calls) => sum + calls, 0);
};

describe.each(Object.entries(TABLE))('%s on the wire', (_, { face, kind, rows }) => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({
      face,
      kind,
      pools: 2 * rows.length + 2,
      keys: [
        { id: 'a', weight: 1e9, domain: ['acme', 'ws-1'] },
        { id: 'b', domain: ['acme', 'ws-2'] },
        { id: 'c', domain: ['other', 'ws-3'] },
      ],
    });
  });
  beforeEach(() => story.reset());
  afterAll(() => story.close());

  const expectRescued = async (fault: Fault, of: string): Promise<void> => {
    story.simulator.set({ ...fault, key: 'a' });
    const seen = await ask(story);
    expect(seen).toMatchObject({ status: 200, clean: true });
    const record = await story.recordOf(String(seen.headers['keywell-request-id']));
    const verdicts = record.timeline.filter((event) => event.kind === 'verdict');
    expect(verdicts).toMatchObject([{ class: of }, { class: 'success' }]);
    expect(story.called()['a']).toBe(1);
    expect(callsBeside(story)).toBe(1);
  };
  const cooledKeys = (): string =>
    story.node
      .keys()
      .filter(({ state }) => state === 'cooled')
      .map(({ key }) => key)
      .join('');

  it.each(rows.filter(marks).map((each) => [each.fault, each.class, each.scope, each] as const))(
    '%j is %s, cools %s, costs one call, and another key serves',
    async (fault, of, scope, { lasts = 0, cools = 'a' }) => {
      const seconds = secondsOf(lasts);
      await expectRescued(fault, of);
      expect(cooledKeys()).toBe(cools);
      const [cooldown] = story.key('a').cooldowns;
      expect(cooldown).toMatchObject({ class: of, scope });
      expect((cooldown?.endsInMs ?? 0) / 1000).toBeGreaterThan(seconds - 1);
      expect((cooldown?.endsInMs ?? 0) / 1000).toBeLessThanOrEqual(seconds + SLACK_S);
      expect((await ask(story)).status).toBe(200);
      expect(story.called()['a'], 'no call reaches a key that is known dry').toBe(1);
      expect(callsBeside(story)).toBe(2);
    },
  );

  it.each(rows.filter((each) => !marks(each)).map((each) => [each.fault, each.class] as const))(
    '%j is %s, is no key’s fault, costs one call, and another key serves',
    async (fault, of) => {
      await expectRescued(fault, of);
      expect(cooledKeys()).toBe('');
    },
  );

  it('a request that the vendor cannot read is the caller’s, and marks nothing', async () => {
    story.simulator.set({ fault: 'invalid_request', message: 'insufficient balance' });
    const seen = await ask(story);
    expect(seen.status).toBe(400);
    expect(story.called()).toEqual({ a: 1 });
    expect(story.node.keys().every(({ cooldowns }) => cooldowns.length === 0)).toBe(true);
  });
});
