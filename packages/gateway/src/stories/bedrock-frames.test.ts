/** Frames of Amazon's event stream that are none, over real sockets: before the first content another provider answers, after it nothing looks whole. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { eventFrame, exceptionFrame } from '@keywell/simulator/dialects/bedrock/event-frames';
import { startStory, type Story } from '@keywell/testkit/gateway-story';
import { until } from '@keywell/testkit/until';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askBy, WAYS } from './crossing/ways.contract.ts';

const MODEL = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
const START = eventFrame('messageStart', '{"role":"assistant"}');
const WELL = eventFrame('contentBlockDelta', '{"contentBlockIndex":0,"delta":{"text":"Well"}}');
const STOP = Buffer.concat([
  eventFrame('contentBlockStop', '{"contentBlockIndex":0}'),
  eventFrame('messageStop', '{"stopReason":"end_turn"}'),
]);

/** A frame of these parts whose checksums are right, whatever its lengths say. */
function frame(
  lengths: { whole?: number; headers?: number },
  headers: Buffer,
  body = '{}',
): Buffer {
  const message = Buffer.concat([Buffer.alloc(12), headers, Buffer.from(body), Buffer.alloc(4)]);
  message.writeUInt32BE(lengths.whole ?? message.byteLength, 0);
  message.writeUInt32BE(lengths.headers ?? headers.byteLength, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  message.writeUInt32BE(crc32(message.subarray(0, -4)), message.byteLength - 4);
  return message;
}

const flipped = (bytes: Buffer, at: number): Buffer => {
  const wrong = Buffer.from(bytes);
  const place = at < 0 ? wrong.length + at : at;
  wrong[place] = (wrong[place] ?? 0) ^ 1;
  return wrong;
};
const NONE = Buffer.alloc(0);

/** What the provider sends in place of the next event; it leaves the connection open unless it says `end`. */
const BROKEN: Readonly<Record<string, { bytes: Buffer; end?: true }>> = {
  'a checksum that is wrong': { bytes: flipped(WELL, -1) },
  'a byte that was changed': { bytes: flipped(WELL, 60) },
  'a checksum of its lengths that is wrong': { bytes: flipped(WELL, 9) },
  'a length of 0': { bytes: frame({ whole: 0 }, NONE) },
  'a length of 15': { bytes: frame({ whole: 15 }, NONE) },
  'a length of 4 GB': { bytes: frame({ whole: 0xffffffff }, NONE) },
  'headers longer than all of it': { bytes: frame({ headers: 0xffffffff }, NONE) },
  'headers one byte longer than there is': { bytes: frame({ headers: 3 }, NONE) },
  'a header whose name is longer than the headers': { bytes: frame({}, Buffer.from([255, 0x61])) },
  'a header whose value is longer than the headers': {
    bytes: frame({}, Buffer.from([1, 0x61, 7, 0xff, 0xff, 0x62])),
  },
  'a header of a type that there is not': { bytes: frame({}, Buffer.from([1, 0x61, 99, 0, 1])) },
  'an event that is no JSON': { bytes: eventFrame('contentBlockDelta', '{"delta":') },
  HTML: { bytes: Buffer.from('<html>the proxy has a word to say here</html>') },
  'half of its lengths, and the end': { bytes: WELL.subarray(0, 5), end: true },
  'half of it, and the end': { bytes: WELL.subarray(0, 40), end: true },
  'nothing, and the end': { bytes: NONE, end: true },
  ...Object.fromEntries(
    [
      'internalServerException',
      'modelStreamErrorException',
      'throttlingException',
      'serviceUnavailableException',
      'modelTimeoutException',
      'neverHeardOfException',
    ].map((type) => [`an exception, ${type}`, { bytes: exceptionFrame(type, '{"message":"no"}') }]),
  ),
};

let before: Buffer = NONE;
let broken: { bytes: Buffer; end?: true } = { bytes: NONE };
let left = 0;
let provider: Server;
let story: Story;

function answer(response: ServerResponse): void {
  response.on('close', () => (left += 1));
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
  response.write(before);
  if (broken.end === true) response.end(broken.bytes);
  else response.write(broken.bytes);
}

beforeAll(async () => {
  provider = createServer((request, response) => {
    request.resume().on('end', () => answer(response));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const address = provider.address();
  const port = typeof address === 'object' ? address?.port : 0;
  story = await startStory({
    keys: [{ id: 'a' }],
    pools: 200,
    model: { id: MODEL },
    providers: ({ origin }) => [
      { id: 'odd', kind: 'bedrock', baseUrl: `http://127.0.0.1:${port}`, keys: [{ id: 'o' }] },
      {
        id: 'well',
        kind: 'bedrock',
        baseUrl: origin,
        keys: [{ id: 'a', value: 'sk-simulated-a' }],
      },
    ],
    pool: {
      idleTimeoutMs: 5000,
      tiers: [
        { targets: [{ provider: 'odd', model: MODEL }] },
        { targets: [{ provider: 'well', model: MODEL }] },
      ],
    },
  });
});
beforeEach(() => {
  story.reset();
  left = 0;
});
afterAll(async () => {
  await story.close();
  provider.closeAllConnections();
  provider.close();
});

const STREAMED = WAYS.filter(({ stream }) => stream);
const ask = (way: (typeof WAYS)[number]) =>
  askBy(story, way, { model: story.freshModel(), question: { prompt: 'hello there' } });
const defects = () => story.events.filter(({ kind }) => kind === 'defect');

describe.each(Object.entries(BROKEN))('%s', (_, of) => {
  it('before any content is no answer: another provider gives one', async () => {
    before = START;
    broken = of;
    const seen = await ask(STREAMED[0] ?? never());
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.headers['keywell-provider']).toBe('well');
    expect(seen.text).toContain('Simulated');
    expect(seen.tookMs).toBeLessThan(4000);
    await until(() => left === 1, 'the provider to be left');
    expect(defects()).toEqual([]);
  });

  it.each(STREAMED)('after it breaks the stream off for a caller of $name', async (way) => {
    before = Buffer.concat([START, WELL]);
    broken = of;
    const seen = await ask(way);
    expect(seen).toMatchObject({ status: 200, clean: false });
    expect(seen.text).toContain('Well');
    expect(seen.text).not.toMatch(
      /end_turn|"stop"|"STOP"|\[DONE\]|response\.completed|message_stop/,
    );
    expect(seen.text).not.toContain('proxy');
    await until(() => left === 1, 'the provider to be left');
    await story.quiet();
    expect(defects()).toEqual([]);
  });
});

describe('frames that say nothing', () => {
  it('by the ten thousand, of kinds that nobody knows, do not hold an answer up', async () => {
    const many = Array.from({ length: 10_000 }, (_, at) => eventFrame(`later${at % 7}`, '{"a":1}'));
    before = Buffer.concat([START, ...many, WELL]);
    broken = { bytes: STOP, end: true };
    const seen = await ask(STREAMED[0] ?? never());
    expect(seen).toMatchObject({ status: 200, clean: true });
    expect(seen.headers['keywell-provider']).toBe('odd');
    expect(seen.text).toContain('Well');
    expect(seen.tookMs).toBeLessThan(3000);
  });
});

function never(): never {
  throw new Error('no way is streamed');
}
