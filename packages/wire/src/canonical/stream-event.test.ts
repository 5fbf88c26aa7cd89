import { describe, expect, it } from 'vitest';
import { foldStream, unfoldResponse } from './fold-stream.contract.ts';
import { SAMPLE_RESPONSES } from './samples.contract.ts';
import { NO_USAGE } from './response.ts';
import type { StreamEvent } from './stream-event.ts';

const START: StreamEvent = { kind: 'start', id: null, model: null, createdAt: null };
const OPEN: StreamEvent = { kind: 'open', choice: 0, part: 0, of: { kind: 'text' } };
const TEXT: StreamEvent = { kind: 'text', choice: 0, part: 0, text: 'a' };
const CLOSE: StreamEvent = { kind: 'close', choice: 0, part: 0 };
const STOP: StreamEvent = { kind: 'stop', choice: 0, reason: 'stop', detail: null };
const END: StreamEvent = { kind: 'end' };

describe('the events of a stream', () => {
  it.each([...SAMPLE_RESPONSES])('tell a whole answer: %s', (_name, response) => {
    for (const pieceLength of [1, 3, 100]) {
      expect(foldStream(response.origin, unfoldResponse(response, pieceLength))).toEqual(response);
    }
  });

  it.each<[string, string, readonly StreamEvent[]]>([
    ['nothing', 'no end', []],
    ['no end', 'no end', [START, OPEN, TEXT, CLOSE, STOP]],
    ['no start', 'before the start', [OPEN, TEXT, CLOSE, STOP, END]],
    ['two starts', 'starts twice', [START, START, END]],
    ['an end before the stop', 'without a stop', [START, OPEN, TEXT, CLOSE, END]],
    ['a stop before the close', 'while part 0 is open', [START, OPEN, TEXT, STOP, END]],
    ['text after the close', 'not open', [START, OPEN, CLOSE, TEXT, STOP, END]],
    ['a part that was skipped', '0 is next', [START, { ...OPEN, part: 1 }, STOP, END]],
    ['something after the end', 'after the end', [START, END, { kind: 'usage', usage: NO_USAGE }]],
    ['an error', 'ends in an error', [START, { kind: 'error', data: '{}' }]],
  ])('are in order, so this is none: %s', (_name, message, events) => {
    expect(() => foldStream('openai-chat', events)).toThrow(message);
  });

  it('may have a sign of life anywhere', () => {
    const alive: StreamEvent = { kind: 'alive' };
    const events = [START, OPEN, TEXT, CLOSE, STOP, END].flatMap((event) => [alive, event]);
    expect(foldStream('gemini', events).choices[0]?.parts).toMatchObject([{ text: 'a' }]);
  });
});
