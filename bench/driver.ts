// The load of the bench, in a process of its own so that the CPU time of what it drives can be told apart.
// Usage: node bench/driver.ts '<DriverTask as JSON>'; prints one DriverResult as JSON.
import { CallConnection, StreamConnection, type StreamEnd } from './http1-client.ts';
import { chatRequest } from './payloads.ts';
import type { DriverResult, DriverTask } from './driver-task.ts';

const task: DriverTask = JSON.parse(process.argv[2] ?? '');

function requestBytes(stream: boolean): Buffer {
  const body = chatRequest(task.model, stream);
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    `host: 127.0.0.1:${task.port}`,
    'content-type: application/json',
    'accept: application/json',
    'user-agent: keywell-bench',
    ...Object.entries(task.headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function quantile(sorted: Float64Array, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

function summary(latencies: readonly number[]): { p50Ms: number; p99Ms: number } {
  const sorted = Float64Array.from(latencies.filter((each) => !Number.isNaN(each))).toSorted();
  return { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
}

/** A closed loop: every connection sends its next call when its last one is answered. */
async function driveCalls(): Promise<DriverResult> {
  const request = requestBytes(false);
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const from = performance.now();
  let started = 0;
  let errors = 0;

  const loop = (connection: CallConnection, finished: () => void): void => {
    const now = performance.now();
    if (started >= task.count || now - from > task.maxMs) {
      connection.close();
      finished();
      return;
    }
    started += 1;
    connection.send(request, (answer) => {
      const status = answer === null ? 'broken' : String(answer.status);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (answer?.status === 200 && answer.bodyBytes >= task.leastBodyBytes) {
        latencies.push(performance.now() - now);
      } else {
        errors += 1;
      }
      loop(connection.open ? connection : new CallConnection(task.port), finished);
    });
  };
  const loops = Array.from(
    { length: task.concurrency },
    () => new Promise<void>((finished) => loop(new CallConnection(task.port), finished)),
  );
  await Promise.all(loops);
  const wallMs = performance.now() - from;
  return {
    done: latencies.length,
    errors,
    truncated: 0,
    events: 0,
    statuses,
    wallMs,
    ...summary(latencies),
  };
}

/** All streams at once, opened within the first part of a second, each read to its end. */
async function driveStreams(): Promise<DriverResult> {
  const request = requestBytes(true);
  const ends: StreamEnd[] = [];
  const from = performance.now();
  const open = new Set<StreamConnection>();
  const all = Array.from({ length: task.count }, async (_, index) => {
    await new Promise((opened) => setTimeout(opened, Math.floor(index / 2)));
    await new Promise<void>((finished) => {
      const stream = new StreamConnection(task.port, request, (end) => {
        ends.push(end);
        finished();
      });
      open.add(stream);
    });
  });
  const cut = setTimeout(() => {
    for (const each of open) each.close();
  }, task.maxMs);
  await Promise.all(all);
  clearTimeout(cut);
  const wallMs = performance.now() - from;
  const statuses: Record<string, number> = {};
  for (const each of ends) statuses[each.status] = (statuses[each.status] ?? 0) + 1;
  const good = ends.filter((each) => each.status === 200);
  const truncated = good.filter((each) => !each.whole || each.events < task.leastEvents).length;
  return {
    done: good.length - truncated,
    errors: ends.length - good.length,
    truncated,
    events: good.reduce((sum, each) => sum + each.events, 0),
    statuses,
    wallMs,
    ...summary(good.map((each) => each.firstEventMs)),
  };
}

const result = task.kind === 'calls' ? await driveCalls() : await driveStreams();
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
