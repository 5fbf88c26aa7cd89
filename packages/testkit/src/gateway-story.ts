import { createHash } from 'node:crypto';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { formatConsumerKey } from '@keywell/core/access/consumer-key';
import type { AccountSighting } from '@keywell/core/keys/account';
import type { CooldownChange, KeyStatus } from '@keywell/core/keys/status';
import { LOG_GAUGE, type LogBatch } from '@keywell/core/log/log-gauge';
import { decodeLine } from '@keywell/core/log/record-line';
import type { RequestRecord } from '@keywell/core/log/request-record';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import {
  GatewayNode,
  type GatewayNodeOptions,
  type NodeEvent,
} from '@keywell/gateway/node/gateway-node';
import { vendorOf } from '@keywell/providers/registry';
import { startSimulator, type Simulator } from '@keywell/simulator/start-simulator';
import {
  aSnapshot,
  type KeySketch,
  type PoolSketch,
  type ProviderSketch,
  type SnapshotSketch,
} from './a-snapshot.ts';
import { until } from './until.ts';

/** The key of the consumer at this place of a story. */
export const consumerKey = (place: number): string =>
  formatConsumerKey(new Uint8Array(7).fill(3), new Uint8Array(32).fill(9 + place));

/** The first consumer of every story, its only one unless others are given. */
export const STORY_KEY: string = consumerKey(0);

type SimulatorProfile = NonNullable<NonNullable<Parameters<typeof startSimulator>[0]>['profile']>;

export interface StorySketch {
  /** Upstream keys; left out: `a`, `b` and `c`, each in an organization of its own, `a` drawn first nearly always. */
  readonly keys?: readonly KeySketch[];
  /** Providers instead of the one that the simulator is. */
  readonly providers?: (simulator: Simulator) => readonly ProviderSketch[];
  /** What every pool is like. */
  readonly pool?: PoolSketch;
  /** Pools alike, `chat`, `chat-2` …, behind the models `smart`, `smart-2` …: each has a retry budget of its own. */
  readonly pools?: number;
  /** By what else a model is called. */
  readonly otherNames?: (model: string) => readonly string[];
  readonly traffic?: SnapshotSketch['traffic'];
  /** The simulated model: its limits with how they refill and charge, its pace, its prices. */
  readonly idempotency?: SnapshotSketch['idempotency'];
  /** Who calls, each with the `consumerKey` of its place. */
  readonly consumers?: NonNullable<SnapshotSketch['consumers']>;
  readonly model?: Partial<SimulatorProfile['models'][number]>;
  /** Whose errors and limit headers the simulated provider has; left out: OpenAI's. */
  readonly face?: SimulatorProfile['face'];
  /** By whose tables the gateway reads the simulated provider, and how that vendor charges; left out: OpenAI's, charged plainly. */
  readonly kind?: string;
  /** Models that the simulator has beside `gpt-5`. */
  readonly alsoModels?: readonly SimulatorProfile['models'][number][];
  readonly workers?: number;
  /** What had been spent of budgets before, and where it is kept. */
  readonly spend?: NonNullable<GatewayNodeOptions['spend']>;
  readonly onSpent?: NonNullable<GatewayNodeOptions['onSpent']>;
  /** What was owned at providers before, and where that is kept. */
  readonly objects?: NonNullable<GatewayNodeOptions['objects']>;
  readonly onObjects?: NonNullable<GatewayNodeOptions['onObjects']>;
  /** When waiting streams speak. */
  readonly waitingTimes?: NonNullable<GatewayNodeOptions['waitingTimes']>;
  /** Starts the worker threads, for a test that ends them. */
  readonly spawn?: NonNullable<GatewayNodeOptions['spawn']>;
}

/** A gateway in front of a simulated provider, both in this process, with everything a test wants to know of them. */
export interface Story {
  readonly simulator: Simulator;
  readonly node: GatewayNode;
  /** What the node started with, to publish another like it. */
  readonly snapshot: Snapshot;
  readonly port: number;
  /** What goes into an SDK's base URL. */
  readonly url: string;
  /** A model that no test of this story has used yet. */
  freshModel(): string;
  /** The log record of a request, once it is there. */
  recordOf(requestId: string): Promise<RequestRecord>;
  records(): Promise<readonly RequestRecord[]>;
  /** The same, and keeps them no more. */
  takeRecords(): Promise<readonly RequestRecord[]>;
  key(id: string): KeyStatus;
  /** Calls by key alias, keys without calls left out. */
  called(): Readonly<Record<string, number>>;
  /** One series of the metrics, by its whole name with labels. */
  metric(series: string): number;
  /** Resolves when nothing is under way any more: no request, no stream, no key in use. Rejects after a second. */
  quiet(): Promise<void>;
  readonly cooled: readonly CooldownChange[];
  readonly events: readonly NodeEvent[];
  /** What workers told of the accounts that responses named. */
  readonly sightings: readonly AccountSighting[];
  /** Keeps no more of what was heard so far: cooldowns, events and sightings. */
  forgetHeard(): void;
  /** The simulator as at its start, and nothing cooled. */
  reset(): void;
  close(): Promise<void>;
}

const FIRST: readonly KeySketch[] = [{ id: 'a', weight: 1e9 }, { id: 'b' }, { id: 'c' }];

/** Starts both. A key's value is `sk-simulated-` and its id, unless the sketch gives one. */
export async function startStory(sketch: StorySketch = {}): Promise<Story> {
  const keys = sketch.keys ?? FIRST;
  const simulator = await startSimulator({ profile: profileOf(keys, sketch) });
  const log = new LogCatcher();
  const cooled: CooldownChange[] = [];
  const events: NodeEvent[] = [];
  const sightings: AccountSighting[] = [];
  const snapshot = snapshotOf(sketch, simulator, keys);
  const node = await GatewayNode.start({
    host: '127.0.0.1',
    port: 0,
    workers: sketch.workers ?? 1,
    snapshot,
    cooldowns: [],
    connectLog: () => log.connect(),
    onCooled: (changes) => cooled.push(...changes),
    onEvent: (event) => events.push(event),
    onAccount: (sighting) => sightings.push(sighting),
    spend: sketch.spend ?? [],
    onSpent: sketch.onSpent ?? (() => true),
    objects: sketch.objects ?? [],
    onObjects: sketch.onObjects ?? (() => true),
    ...(sketch.spawn === undefined ? {} : { spawn: sketch.spawn }),
    ...(sketch.waitingTimes === undefined ? {} : { waitingTimes: sketch.waitingTimes }),
  });
  return new RunningStory(simulator, node, log, { snapshot, cooled, events, sightings });
}

class RunningStory implements Story {
  readonly snapshot: Snapshot;
  readonly simulator: Simulator;
  readonly node: GatewayNode;
  readonly port: number;
  readonly url: string;
  readonly cooled: CooldownChange[];
  readonly events: NodeEvent[];
  readonly sightings: AccountSighting[];
  readonly #log: LogCatcher;
  #used = 0;

  constructor(
    simulator: Simulator,
    node: GatewayNode,
    log: LogCatcher,
    heard: Pick<RunningStory, 'snapshot' | 'cooled' | 'events' | 'sightings'>,
  ) {
    this.snapshot = heard.snapshot;
    this.simulator = simulator;
    this.node = node;
    this.port = node.port;
    this.url = `http://127.0.0.1:${node.port}/v1`;
    this.cooled = heard.cooled;
    this.events = heard.events;
    this.sightings = heard.sightings;
    this.#log = log;
  }

  freshModel(): string {
    this.#used += 1;
    if (this.#used > this.node.pools().length) throw new Error('the story has no more pools');
    return this.#used === 1 ? 'smart' : `smart-${this.#used}`;
  }

  async records(): Promise<readonly RequestRecord[]> {
    await this.node.flushLog();
    return this.#log.records;
  }

  async takeRecords(): Promise<readonly RequestRecord[]> {
    const records = await this.records();
    return this.#log.records.splice(0, records.length);
  }

  recordOf(requestId: string): Promise<RequestRecord> {
    const find = async (): Promise<RequestRecord | null> =>
      (await this.records()).find(({ id }) => id === requestId) ?? null;
    return until(find, `the log record of ${requestId}`);
  }

  key(id: string): KeyStatus {
    const found = this.node.keys().find(({ key }) => key === id);
    if (found === undefined) throw new Error(`there is no key ${id}`);
    return found;
  }

  called(): Readonly<Record<string, number>> {
    const counts = Object.entries(this.simulator.counts().keys);
    return Object.fromEntries(
      counts.filter(([, { calls }]) => calls > 0).map(([alias, { calls }]) => [alias, calls]),
    );
  }

  metric(series: string): number {
    const lines = this.node.metrics([]).split('\n');
    const line = lines.find((candidate) => candidate.startsWith(`${series} `));
    if (line === undefined) throw new Error(`there is no series ${series}`);
    return Number(line.slice(series.length + 1));
  }

  async quiet(): Promise<void> {
    const busy = (): number[] => [
      this.metric('keywell_requests_in_flight'),
      this.metric('keywell_streams_open'),
      ...this.node.keys().map(({ inFlight }) => inFlight),
    ];
    await until(() => busy().every((count) => count === 0), 'everything to end');
  }

  forgetHeard(): void {
    for (const heard of [this.cooled, this.events, this.sightings]) heard.length = 0;
  }

  reset(): void {
    this.simulator.reset();
    for (const provider of new Set(this.node.keys().map((key) => key.provider))) {
      this.node.clearCooldowns({ provider });
    }
  }

  async close(): Promise<void> {
    await this.node.destroy();
    this.#log.close();
    await this.simulator.close();
  }
}

/** One organization for each first step of a domain path, one project for each key. */
function profileOf(
  keys: readonly KeySketch[],
  { model, face, alsoModels = [] }: Pick<StorySketch, 'model' | 'face' | 'alsoModels'>,
): SimulatorProfile {
  const organizations = Map.groupBy(keys, ({ id, domain }) => domain?.[0] ?? `org-${id}`);
  return {
    face,
    organizations: [...organizations].map(([organization, owned]) => ({
      id: organization,
      projects: owned.map(({ id = 'a', value }) => ({
        id: `proj_${id}`,
        keys: [{ alias: id, value: value ?? valueOf(id) }],
      })),
    })),
    models: [{ id: 'gpt-5', ...model }, ...alsoModels],
  };
}

const valueOf = (id: string): string => `sk-simulated-${id}`;

function snapshotOf(sketch: StorySketch, simulator: Simulator, keys: readonly KeySketch[]) {
  const count = sketch.pools ?? 1;
  const simulated = {
    ...vendorParts(sketch.kind),
    baseUrl: baseUrlFor(sketch.kind, simulator),
    keys: keys.map((key) => ({ ...key, value: key.value ?? valueOf(key.id ?? 'a') })),
  };
  const numbers = Array.from({ length: count }, (_, index) => index);
  return aSnapshot({
    providers: sketch.providers?.(simulator) ?? [simulated],
    pools: numbers.map(() => sketch.pool ?? {}),
    models: numbers.flatMap((index) => {
      const suffix = index === 0 ? '' : `-${index + 1}`;
      const names = [`smart${suffix}`, ...(sketch.otherNames?.(`smart${suffix}`) ?? [])];
      return names.map((alias) => ({ alias, pool: `chat${suffix}` }));
    }),
    consumers: (sketch.consumers ?? [{}]).map((consumer, place) =>
      Object.assign({}, consumer, {
        keyHashes: [createHash('sha256').update(consumerKey(place)).digest('hex')],
      }),
    ),
    traffic: sketch.traffic ?? {},
    idempotency: sketch.idempotency ?? {},
  });
}

/** Where the simulator speaks the native dialect of a vendor. */
function baseUrlFor(kind: string | undefined, { url, origin }: Simulator): string {
  if (kind === 'bedrock') return origin;
  return kind === 'gemini' ? `${origin}/v1beta` : url;
}

function vendorParts(kind: string | undefined): ProviderSketch {
  if (kind === undefined) return {};
  const vendor = vendorOf(kind);
  if (vendor === null) throw new Error(`there is no vendor ${kind}`);
  return { kind, charge: vendor.charge };
}

/** The log's end of the workers' ports. */
class LogCatcher {
  readonly records: RequestRecord[] = [];
  readonly #gauge = new SharedArrayBuffer(LOG_GAUGE.cells * 4);
  readonly #ports: MessagePort[] = [];

  connect(): { port: MessagePort; gauge: SharedArrayBuffer; maxQueuedRows: number } {
    const { port1, port2 } = new MessageChannel();
    port2.on('message', (batch: LogBatch) => {
      Atomics.sub(new Int32Array(this.#gauge), LOG_GAUGE.queued, batch.rows);
      for (const line of batch.lines.trimEnd().split('\n')) {
        this.records.push(decodeLine(line));
      }
    });
    this.#ports.push(port2);
    return { port: port1, gauge: this.#gauge, maxQueuedRows: 10_000 };
  }

  close(): void {
    for (const port of this.#ports) port.close();
  }
}
