// The load of the dialects' bench. Usage: node bench/dialects/driver.ts '<Task as JSON>'; prints one DriverResult as JSON.
import { CallConnection, StreamConnection, type StreamEnd } from '../http1-client.ts';
import { median } from '../figures.ts';

/** One way of calling, again and again. */
export interface Task {
  readonly kind: 'calls' | 'streams';
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What stands in the last event of a stream. */
  readonly endMark: string;
  /** Connections that call in turn. */
  readonly concurrency: number;
  readonly count: number;
}

/** What came of it. */
export interface TaskResult {
  readonly done: number;
  readonly failed: number;
  readonly events: number;
  /** Of streams: from the provider's first word to its arrival here. */
  readonly firstWordP50Ms: number;
}

function requestBytes({ port, path, headers, body }: Task): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

async function inTurn(task: Task, one: (lane: number) => Promise<void>): Promise<void> {
  let started = 0;
  const lanes = Array.from({ length: task.concurrency }, async (_, lane) => {
    // Streams that all begin at once would all speak at once.
    if (task.kind === 'streams') await new Promise((then) => setTimeout(then, lane * 5));
    while (started < task.count) {
      started += 1;
      await one(lane);
    }
  });
  await Promise.all(lanes);
}

async function driveCalls(task: Task): Promise<TaskResult> {
  const request = requestBytes(task);
  const connections = Array.from({ length: task.concurrency }, () => new CallConnection(task.port));
  let done = 0;
  await inTurn(task, async (lane) => {
    const connection = connections[lane];
    const answer = await new Promise<{ status: number } | null>((then) => {
      if (connection === undefined || !connection.open) then(null);
      else connection.send(request, then);
    });
    if (answer?.status === 200) done += 1;
  });
  for (const connection of connections) connection.close();
  return { done, failed: task.count - done, events: 0, firstWordP50Ms: Number.NaN };
}

async function driveStreams(task: Task): Promise<TaskResult> {
  const request = requestBytes(task);
  const ends: StreamEnd[] = [];
  await inTurn(task, async () => {
    const end = await new Promise<StreamEnd>((then) => {
      void new StreamConnection(task.port, request, then, task.endMark);
    });
    ends.push(end);
  });
  const good = ends.filter((each) => each.status === 200 && each.whole);
  return {
    done: good.length,
    failed: ends.length - good.length,
    events: good.reduce((sum, each) => sum + each.events, 0),
    firstWordP50Ms: median(good.map((each) => each.firstWordMs)),
  };
}

const text = process.argv[2];
if (text !== undefined && import.meta.main) {
  const task: Task = JSON.parse(text);
  const result = task.kind === 'calls' ? await driveCalls(task) : await driveStreams(task);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
}
