// The three loads of the dialects' bench: calls, streams, and one call with pictures at a time.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallerDialect } from '../../packages/wire/src/edit/conversation.ts';
import { Drops } from '../../packages/wire/src/canonical/drops.ts';
import type { ImagePart } from '../../packages/wire/src/canonical/content.ts';
import { run } from '../children.ts';
import { median } from '../figures.ts';
import { cpuMsOf, peakRssBytesOf, resetPeakRss, rssBytesOf } from '../process-usage.ts';
import { canonicalQuestion, codecOf, END_MARKS, pathFor, questionIn } from './answers.ts';
import type { Task, TaskResult } from './driver.ts';
import type { Keywell } from './keywell.ts';
import type { Pair } from './pieces.ts';

/** What the request log and the like cost after the last answer belongs to the round. */
const SETTLE_MS = 400;

async function drive(repository: string, task: Task): Promise<TaskResult> {
  const output = await run(process.execPath, ['bench/dialects/driver.ts', JSON.stringify(task)], {
    cwd: repository,
    maxMs: 60_000,
  });
  const result: TaskResult = JSON.parse(output);
  if (result.failed > 0) throw new Error(`${result.failed} of ${task.count} ${task.kind} failed`);
  return result;
}

/** How a caller asks Keywell for a model at a provider that speaks a dialect. */
export function taskThrough(
  keywell: Keywell,
  { caller, provider }: Pair,
  load: Pick<Task, 'kind' | 'concurrency' | 'count'>,
): Task {
  const stream = load.kind === 'streams';
  return {
    ...load,
    port: keywell.port,
    path: pathFor(caller, provider, stream),
    headers: { authorization: `Bearer ${keywell.key}` },
    body: questionIn(caller, provider, stream),
    endMark: END_MARKS[caller],
  };
}

/** The same stream without anybody in between. */
export function taskDirect(
  upstreamPort: number,
  dialect: Pair['provider'],
  load: Pick<Task, 'kind' | 'concurrency' | 'count'>,
): Task {
  return {
    ...load,
    port: upstreamPort,
    path: pathFor(dialect, 'bench', true),
    headers: {},
    body: questionIn(dialect, 'bench', true),
    endMark: END_MARKS[dialect],
  };
}

/** What one round of a load cost Keywell. */
export interface Cost extends TaskResult {
  readonly cpuMs: number;
}

export async function measure(repository: string, keywell: Keywell, task: Task): Promise<Cost> {
  const before = cpuMsOf(keywell.pid);
  const result = await Promise.race([drive(repository, task), keywell.died]);
  await sleep(SETTLE_MS);
  return { ...result, cpuMs: cpuMsOf(keywell.pid) - before };
}

export const driveDirect = drive;

const PICTURES = 4;
/** A whole request is 10 MB, a little more than its pictures. */
const PICTURE_BYTES = 2_499_000;

/** The question with four pictures, 10 MB in all, in the caller's dialect. */
function picturesIn(caller: CallerDialect, model: string): string {
  const question = canonicalQuestion(model, false);
  const data = 'iVBORw0KGgoAAAANSUhEUg'.repeat(Math.ceil(PICTURE_BYTES / 22));
  const picture: ImagePart = {
    kind: 'image',
    source: { kind: 'base64', mediaType: 'image/png', data: data.slice(0, PICTURE_BYTES & ~3) },
    detail: null,
    cache: null,
  };
  const turns = question.turns.map((turn) =>
    turn.role === 'user'
      ? { ...turn, parts: [...turn.parts, ...Array.from({ length: PICTURES }, () => picture)] }
      : turn,
  );
  return JSON.stringify(codecOf(caller).encodeRequest({ ...question, turns }, new Drops()));
}

/** What one large call did to Keywell. */
export interface LargeCall {
  readonly requestBytes: number;
  /** Most of its resident memory while the call ran, less what it held before. */
  readonly addedBytes: number;
  /** Longest stall of a worker's event loop. */
  readonly stallMs: number;
}

/** Sends one large call a few times, each alone, and takes the middle of what each did. */
export async function measureLarge(
  keywell: Keywell,
  { caller, provider }: Pair,
  times: number,
): Promise<LargeCall> {
  const body = Buffer.from(picturesIn(caller, provider));
  const url = `http://127.0.0.1:${keywell.port}${pathFor(caller, provider, false)}`;
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${keywell.key}`,
  };
  const calls: LargeCall[] = [];
  for (let call = 0; call < times; call += 1) {
    await keywell.ask('reset');
    await sleep(100);
    const idle = rssBytesOf(keywell.pid);
    resetPeakRss(keywell.pid);
    const answer = await fetch(url, { method: 'POST', headers, body });
    const said = await answer.text();
    if (answer.status !== 200) throw new Error(`a call with pictures failed: ${said}`);
    await sleep(30);
    const readings = await keywell.ask('read');
    const stalls = readings.flatMap((each) => (each.worker ? [each.longestStallMs] : []));
    calls.push({
      requestBytes: body.length,
      addedBytes: peakRssBytesOf(keywell.pid) - idle,
      stallMs: Math.max(...stalls),
    });
  }
  return {
    requestBytes: body.length,
    addedBytes: median(calls.map((each) => each.addedBytes)),
    stallMs: median(calls.map((each) => each.stallMs)),
  };
}
