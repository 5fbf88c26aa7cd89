import { describe, expect, it } from 'vitest';
import type { Dialect } from './dialect.ts';
import { CODECS } from '../golden/codecs.contract.ts';
import { CHECKS, foldedText } from '../golden/stream-pair.contract.ts';
import { stampFor } from '../golden/translate-pair.contract.ts';
import { customCallsIn, customToolsOf, withCustomCalls } from './custom-calls.ts';
import { unfoldResponse } from './fold-stream.contract.ts';
import { bareRequest, type Tool } from './request.ts';
import { toolCall } from './sample-parts.contract.ts';
import { sampleChoice, sampleResponse } from './samples.contract.ts';

const tool = (kind: Tool['kind'], name: string): Tool => ({
  kind,
  name,
  description: null,
  parameters: null,
  strict: null,
  cache: null,
  extensions: {},
});
const NAMES: ReadonlySet<string> = new Set(['run']);

/** Another call stands between two of the tool for free text. */
const answer = (origin: Dialect, first: string) =>
  sampleResponse(
    [
      sampleChoice(
        [
          toolCall('call_1', 'run', first),
          toolCall('call_2', 'get_time', '{"input":"now"}'),
          toolCall('call_3', 'run', '{"input":"two"}'),
        ],
        { stop: 'tool_calls' },
      ),
    ],
    { origin },
  );

const ARGUMENTS: readonly (readonly [written: string, text: string])[] = [
  ['{"input":"say \\"hi\\"\\n"}', 'say "hi"\n'],
  ['{"input":""}', ''],
  ['{"input":7}', '{"input":7}'],
  ['{"input":"a","more":1}', '{"input":"a","more":1}'],
  ['plain', 'plain'],
  ['['.repeat(100_000), '['.repeat(100_000)],
];

describe('calls of tools that take free text', () => {
  it('are looked for only where the request declares one', () => {
    const request = bareRequest('openai-chat', 'smart', []);
    expect(customToolsOf(request)).toBeNull();
    expect(customToolsOf({ tools: [tool('function', 'a')] })).toBeNull();
    expect(customToolsOf({ tools: [tool('function', 'a'), tool('custom', 'run')] })).toEqual(NAMES);
  });

  it.each(ARGUMENTS)('are what the model wrote: %j', (written, text) => {
    const { choices } = withCustomCalls(answer('gemini', written), NAMES);
    expect(choices[0]?.parts).toMatchObject([
      { id: 'call_1', custom: true, arguments: text },
      { id: 'call_2', custom: false, arguments: '{"input":"now"}' },
      { id: 'call_3', custom: true, arguments: 'two' },
    ]);
  });

  describe.each(['openai-chat', 'openai-responses'] as const)('streamed to %s', (caller) => {
    it.each(ARGUMENTS)('say the same: %j', (written, text) => {
      const encoder = customCallsIn(CODECS[caller].streamEncoder(stampFor(caller)), NAMES);
      const events = unfoldResponse(answer('gemini', written), 1000);
      const stream = events.map((event) => encoder.encode(event)).join('');
      CHECKS[caller](stream);
      const { choices } = foldedText(caller, stream);
      expect(choices[0]?.parts).toMatchObject([
        { id: 'call_1', custom: true, arguments: text },
        { id: 'call_2', custom: false, arguments: '{"input":"now"}' },
        { id: 'call_3', custom: true, arguments: 'two' },
      ]);
    });
  });

  it('side by side keep their arguments apart, and let others through at once', () => {
    const encoder = customCallsIn(
      CODECS['openai-chat'].streamEncoder(stampFor('openai-chat')),
      NAMES,
    );
    const open = (part: number, name: string) =>
      encoder.encode({
        kind: 'open',
        choice: 0,
        part,
        of: { kind: 'tool_call', id: `call_${part}`, name, custom: false },
      });
    const text = (part: number, piece: string) =>
      encoder.encode({ kind: 'text', choice: 0, part, text: piece });
    const close = (part: number) => encoder.encode({ kind: 'close', choice: 0, part });
    expect(open(0, 'run') + open(1, 'get_time') + open(2, 'run')).toContain('"type":"custom"');
    expect([text(0, '{"input":'), text(2, '{"input":"c"}'), text(0, '"a"}')]).toEqual(['', '', '']);
    expect(text(1, '{}')).toContain('"arguments":"{}"');
    expect(close(2)).toContain('{"index":2,"custom":{"input":"c"}}');
    expect(close(0)).toContain('{"index":0,"custom":{"input":"a"}}');
  });
});
