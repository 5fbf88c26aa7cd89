import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { aSnapshot, type SnapshotSketch } from '@keywell/testkit/a-snapshot';
import { STORY_KEY } from '@keywell/testkit/gateway-story';
import { until } from '@keywell/testkit/until';
import { inFlightOf, openKeyTable } from '@keywell/core/keys/key-table';
import { planKeys } from '@keywell/core/keys/plan';
import { reserve } from '@keywell/core/keys/reserve';
import type { CooldownChange } from '@keywell/core/keys/status';
import type { Snapshot } from '@keywell/core/snapshot/snapshot';
import { afterEach, describe, expect, it } from 'vitest';
import { Meter } from '../telemetry/meter.ts';
import type { FromWorker, WorkerBirth } from '../worker/messages.ts';
import { GatewayNode, type GatewayNodeOptions, type NodeEvent } from './gateway-node.ts';
import { ListenError } from './listen-error.ts';
import { WorkerHandle } from './worker-handle.ts';

/** A thread with a life of its own: says that it listens, then does as the script says with `port`, `birth` and each message. */
function threadThat(onMessage: string, first = `say({ kind: 'listening', port: 1 })`): URL {
  const script = `
    import { parentPort, workerData as birth } from 'node:worker_threads';
    const say = (message) => parentPort.postMessage(message);
    parentPort.on('message', (message) => { ${onMessage} });
    ${first};`;
  return new URL(`data:text/javascript,${encodeURIComponent(script)}`);
}

/** One thread that was started. */
interface Thread {
  readonly birth: WorkerBirth;
  readonly handle: WorkerHandle;
  readonly startedAt: number;
  readonly said: FromWorker[];
  gone: boolean;
}

const nodes: GatewayNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.destroy();
});

/** Starts a node and keeps every thread of it; `entryOf` gives those that are no real workers. */
class Watched {
  readonly threads: Thread[] = [];
  readonly events: NodeEvent[] = [];
  readonly cooled: CooldownChange[] = [];
  onSpawn: ((thread: Thread) => void) | null = null;

  async start(
    options: Partial<GatewayNodeOptions>,
    entryOf: (birth: WorkerBirth) => URL | undefined = () => undefined,
  ): Promise<GatewayNode> {
    const node = await GatewayNode.start({
      host: '127.0.0.1',
      port: 0,
      workers: 1,
      snapshot: snapshotOf(),
      cooldowns: [],
      connectLog: () => null,
      onCooled: (changes) => this.cooled.push(...changes),
      onEvent: (event) => this.events.push(event),
      spawn: (birth, events) => {
        const handle = new WorkerHandle(
          birth,
          {
            onMessage: (message) => {
              thread.said.push(message);
              events.onMessage(message);
            },
            onExit: (code, error) => {
              thread.gone = true;
              events.onExit(code, error);
            },
          },
          entryOf(birth),
        );
        const thread: Thread = {
          birth,
          handle,
          startedAt: performance.now(),
          said: [],
          gone: false,
        };
        this.threads.push(thread);
        this.onSpawn?.(thread);
        return handle;
      },
      ...options,
    });
    nodes.push(node);
    return node;
  }

  thread(index: number): Thread {
    const found = this.threads[index];
    if (found === undefined) throw new Error(`there is no thread ${index}`);
    return found;
  }

  of(worker: number): readonly Thread[] {
    return this.threads.filter(({ birth }) => birth.worker === worker);
  }
}

function snapshotOf(sketch: SnapshotSketch = {}): Snapshot {
  const keyHashes = [createHash('sha256').update(STORY_KEY).digest('hex')];
  return aSnapshot({ consumers: [{ keyHashes }], ...sketch });
}

async function modelsAt(port: number): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/models`, {
    headers: { authorization: `Bearer ${STORY_KEY}`, connection: 'close' },
  });
  const list: { data: { id: string }[] } = JSON.parse(await answer.text());
  return list.data.map(({ id }) => id);
}

async function problemOf(starting: Promise<unknown>): Promise<unknown> {
  try {
    await starting;
  } catch (error) {
    return error;
  }
  throw new Error('it started');
}

describe('a node that cannot start', () => {
  it.each([1, 2])('because its port is taken leaves none of %i workers behind', async (workers) => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => {
        const address = other.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const watched = new Watched();
    const problem = await problemOf(watched.start({ port, workers }));
    other.close();
    expect(problem).toBeInstanceOf(ListenError);
    expect(problem).toMatchObject({ code: 'EADDRINUSE' });
    expect(watched.threads.filter(({ gone }) => !gone)).toEqual([]);
  });

  it.each<[string, string]>([
    ['cannot listen', `say({ kind: 'failed', code: 'EMFILE', message: 'too many' })`],
    ['ends', 'process.exit(3)'],
  ])('because one of its workers %s ends the others', async (_what, first) => {
    const watched = new Watched();
    const starting = watched.start({ workers: 2 }, ({ worker }) =>
      worker === 2 ? threadThat('', first) : undefined,
    );
    expect(await problemOf(starting)).toBeInstanceOf(ListenError);
    expect(watched.threads.map(({ gone }) => gone)).toEqual([true, true]);
    expect(watched.events).toEqual([]);
  });
});

describe('a snapshot that is published while a worker starts again', () => {
  /** Publishes within the start of the first worker's successor, which is born with the older snapshot. */
  async function publishAtRestart(entry?: URL): Promise<{ node: GatewayNode; successor: Thread }> {
    const watched = new Watched();
    const node = await watched.start({}, ({ epoch }) => (epoch === 1 ? undefined : entry));
    const published = new Promise<void>((resolve, reject) => {
      watched.onSpawn = () => {
        watched.onSpawn = null;
        queueMicrotask(() => {
          const snapshot = snapshotOf({ version: 2, models: [{ alias: 'newest' }] });
          node.publish(snapshot).then(resolve, reject);
        });
      };
    });
    await watched.thread(0).handle.terminate();
    await published;
    const successor = watched.thread(1);
    expect(successor.birth.state.version).toBe(1);
    return { node, successor };
  }

  it('reaches it before it listens, and is waited for', async () => {
    const listening = `say({ kind: 'published', version: 2 }); say({ kind: 'listening', port: 1 })`;
    const { successor } = await publishAtRestart(threadThat(listening, ''));
    expect(successor.said).toContainEqual({ kind: 'published', version: 2 });
  });

  it('is in force there', async () => {
    const { node, successor } = await publishAtRestart();
    await until(() => successor.said.length > 1, 'it to listen', 5000);
    expect(await modelsAt(node.port)).toEqual(['newest']);
  });

  it('is what a worker is born with that starts later', async () => {
    const watched = new Watched();
    const node = await watched.start({});
    await watched.thread(0).handle.terminate();
    await node.publish(snapshotOf({ version: 2 }));
    await until(() => watched.threads.length > 1, 'the successor');
    expect(watched.thread(1).birth.state.version).toBe(2);
  });

  it('waits for nobody who ends meanwhile', async () => {
    const watched = new Watched();
    const node = await watched.start({}, () => threadThat('process.exit(3)'));
    const startedAt = performance.now();
    await node.publish(snapshotOf({ version: 2 }));
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe('a worker that crashes again and again', () => {
  it('is started after ever longer waits, while the other one serves', async () => {
    const watched = new Watched();
    const node = await watched.start({ workers: 2 }, ({ epoch }) =>
      epoch > 2 ? threadThat('', 'process.exit(3)') : undefined,
    );
    await watched.of(2)[0]?.handle.terminate();
    await until(() => watched.of(2).length > 4, 'four tries', 5000);
    const starts = watched.of(2).map(({ startedAt }) => startedAt);
    for (const [index, leastMs] of [100, 200, 400].entries()) {
      const waited = (starts[index + 2] ?? 0) - (starts[index + 1] ?? 0);
      expect(waited).toBeGreaterThanOrEqual(leastMs - 1);
    }
    expect(watched.of(1)).toHaveLength(1);
    expect(await modelsAt(node.port)).toEqual(['smart']);
    expect(watched.events).toContainEqual({
      kind: 'worker_crashed',
      worker: 2,
      reason: 'ended with code 3',
    });
    expect(node.status().workers).toMatchObject([{ listening: true }, { listening: false }]);
  });

  it('is tried again when its port cannot be had back at first', async () => {
    const watched = new Watched();
    const failing = threadThat('', `say({ kind: 'failed', code: 'EADDRINUSE', message: 'taken' })`);
    const node = await watched.start({}, ({ epoch }) => (epoch === 2 ? failing : undefined));
    await watched.thread(0).handle.terminate();
    await until(() => node.status().workers[0]?.listening === true, 'the third', 5000);
    expect(watched.threads.map(({ gone }) => gone)).toEqual([true, true, false]);
    expect(watched.events.map(({ kind }) => kind)).toEqual([
      'worker_crashed',
      'worker_crashed',
      'worker_restarted',
    ]);
    expect(watched.events[1]).toMatchObject({ reason: 'taken' });
  });
});

describe('a worker that ends', () => {
  it('leaves nothing in flight in a table that was replaced before, ere its successor starts', async () => {
    const watched = new Watched();
    const snapshot = snapshotOf();
    const node = await watched.start({ snapshot }, () =>
      threadThat(`say({ kind: 'published', version: 2 })`),
    );
    const { birth, handle } = watched.thread(0);
    const plan = planKeys(snapshot);
    const table = openKeyTable(plan, birth.state.keyCells, birth);
    const [candidate] = plan.candidates;
    if (candidate !== undefined) reserve(table, candidate, 0);
    await node.publish(snapshotOf({ version: 2, providers: [{ keys: [{ weight: 7 }] }] }));
    expect(inFlightOf(table, 0)).toBe(1);
    const atStart = new Promise<number>((resolve) => {
      watched.onSpawn = () => resolve(inFlightOf(table, 0));
    });
    await handle.terminate();
    expect(await atStart).toBe(0);
  });
});

describe('a cooldown from a worker that has an older snapshot', () => {
  const change: CooldownChange = {
    action: 'set',
    scopeId: 'key:openai/a',
    scope: 'key',
    class: 'credential_dead',
    dimension: 'unknown',
    endsAt: Date.now() + 60_000,
    authoritative: false,
    strikes: 1,
    evidence: 'status=401',
    fingerprint: 'first',
  };
  const cooling = threadThat(`if (message.kind === 'publish') {
    say({ kind: 'cooled', version: 1, unplaced: [], changes: [${JSON.stringify(change)}] });
    say({ kind: 'published', version: 2 });
  }`);
  const withKey = (version: number, key: { fingerprint: string; weight: number }): Snapshot =>
    snapshotOf({ version, providers: [{ keys: [{ id: 'a', ...key }] }] });

  it('binds in the new table and is kept', async () => {
    const watched = new Watched();
    const snapshot = withKey(1, { fingerprint: 'first', weight: 1 });
    const node = await watched.start({ snapshot }, () => cooling);
    await node.publish(withKey(2, { fingerprint: 'first', weight: 2 }));
    expect(watched.cooled).toEqual([change]);
    expect(node.keys()[0]?.cooldowns).toMatchObject([
      { scopeId: 'key:openai/a', evidence: 'status=401' },
    ]);
  });

  it('is forgotten when the credential has been replaced', async () => {
    const watched = new Watched();
    const snapshot = withKey(1, { fingerprint: 'first', weight: 1 });
    const node = await watched.start({ snapshot }, () => cooling);
    await node.publish(withKey(2, { fingerprint: 'second', weight: 1 }));
    expect(watched.cooled).toEqual([]);
    expect(node.keys()[0]).toMatchObject({ state: 'ready', cooldowns: [] });
  });
});

describe('a drain', () => {
  it('ends soon after the grace when a worker hangs, and counts what it was answering', async () => {
    const watched = new Watched();
    const node = await watched.start({ workers: 2 }, ({ worker }) =>
      worker === 2 ? threadThat('for (;;);') : undefined,
    );
    new Meter(watched.thread(1).birth.metricCells, 2).add('inFlight', 3);
    const startedAt = performance.now();
    expect(await node.drain(100)).toBe(3);
    expect(performance.now() - startedAt).toBeLessThan(100 + 4000 + 1000);
    expect(watched.threads.map(({ gone }) => gone)).toEqual([true, true]);
  });

  it('waits for nobody who ends meanwhile, and starts nobody again', async () => {
    const watched = new Watched();
    const node = await watched.start({}, () => threadThat('process.exit(3)'));
    new Meter(watched.thread(0).birth.metricCells, 1).add('inFlight', 2);
    const startedAt = performance.now();
    expect(await node.drain(60_000)).toBe(2);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(watched.threads).toHaveLength(1);
    expect(watched.events).toEqual([]);
  });
});

describe('a snapshot in which responses have placed a key elsewhere', () => {
  it('takes what cooled the key along, tells it under its new name, and takes what is still told by the old one', async () => {
    const own = { id: 'a', domain: ['~a'], domainPinned: false };
    const placed = { ...own, domain: ['acme'], domainInferred: true };
    const other = { id: 'b', domain: ['acme'] };
    const cooldown = (scopeId: string, endsAt: number): CooldownChange => ({
      action: 'set',
      scopeId,
      scope: 'node',
      class: 'funds_exhausted',
      dimension: 'spend',
      endsAt,
      authoritative: true,
      strikes: 0,
      evidence: 'status=402',
    });
    const endsAt = Date.now() + 600_000;
    const watched = new Watched();
    const later = cooldown('node:openai/~a', endsAt + 600_000);
    const entry = threadThat(`if (message.kind === 'publish') {
      say({ kind: 'published', version: 2 });
      say({ kind: 'cooled', version: 2, unplaced: [], changes: [${JSON.stringify(later)}] });
    }`);
    const node = await watched.start(
      {
        snapshot: snapshotOf({ providers: [{ keys: [own, other] }] }),
        cooldowns: [cooldown('node:openai/~a', endsAt)],
      },
      () => entry,
    );
    const cooled = (): unknown =>
      node
        .keys()
        .map(({ key, cooldowns }) => [
          key,
          ...cooldowns.map(({ scopeId, evidence }) => `${scopeId} ${evidence}`),
        ]);
    expect(cooled()).toEqual([['a', 'node:openai/~a status=402'], ['b']]);
    await node.publish(snapshotOf({ version: 2, providers: [{ keys: [placed, other] }] }));
    expect(cooled()).toEqual([
      ['a', 'node:openai/acme status=402'],
      ['b', 'node:openai/acme status=402'],
    ]);
    expect(watched.cooled.slice(0, 2)).toMatchObject([
      { action: 'cleared', scopeId: 'node:openai/~a' },
      { action: 'set', scopeId: 'node:openai/acme', evidence: 'status=402' },
    ]);
    const left = (): number => node.keys()[1]?.cooldowns[0]?.endsInMs ?? 0;
    await until(() => left() > 900_000, 'the later end to reach the other key');
    expect(watched.cooled.at(-1)).toMatchObject({ action: 'set', scopeId: 'node:openai/acme' });
  });
});
