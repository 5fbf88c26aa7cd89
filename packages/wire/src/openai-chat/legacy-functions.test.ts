/** Callers who declare `functions`, as tools were once called. */
import { describe, expect, it } from 'vitest';
import type { Part } from '../canonical/content.ts';
import { Drops } from '../canonical/drops.ts';
import { unfoldResponse } from '../canonical/fold-stream.contract.ts';
import type { CanonicalRequest } from '../canonical/request.ts';
import { toolCall } from '../canonical/sample-parts.contract.ts';
import { sampleChoice, sampleResponse } from '../canonical/samples.contract.ts';
import { foldedText } from '../golden/stream-pair.contract.ts';
import { stampFor } from '../golden/translate-pair.contract.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../json/value.ts';
import { chatCodec } from './codec.ts';
import { checkChatEvents } from './event-grammar.contract.ts';

const ASKED: JsonObject = {
  model: 'smart',
  messages: [{ role: 'user', content: 'What time is it?' }],
  functions: [{ name: 'get_time', parameters: { type: 'object' } }],
};

function requestOf(body: JsonObject): CanonicalRequest {
  const decoded = chatCodec.decodeRequest(body, { model: null, stream: null });
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.value;
}

const stamp = { ...stampFor('openai-chat'), request: requestOf(ASKED) };
const signature = { origin: 'gemini', value: 'c2lnbmVk' } as const;
const FIRST = { ...toolCall('call_1', 'get_time', '{"zone":"UTC"}'), signature };
const SECOND = toolCall('call_2', 'get_time', '{}');
const answer = (parts: readonly Part[]) =>
  sampleResponse([sampleChoice(parts, { stop: 'tool_calls' })], { origin: 'gemini' });

function messageOf(body: JsonObject): JsonObject {
  const choices = body['choices'];
  const choice = isJsonArray(choices) ? choices[0] : undefined;
  const message = choice !== undefined && isJsonObject(choice) ? choice['message'] : undefined;
  if (message === undefined || !isJsonObject(message)) throw new Error('there is no message');
  return message;
}

describe('a caller who declares functions', () => {
  it('asks for one call only', () => {
    expect(stamp.request).toMatchObject({ legacyFunctions: true, parallelToolCalls: false });
    const tools = [{ type: 'function', function: { name: 'a' } }];
    const both = requestOf({ ...ASKED, tools });
    expect([both.legacyFunctions, both.parallelToolCalls]).toEqual([undefined, null]);
    expect(requestOf({ ...ASKED, functions: [] }).legacyFunctions).toBeUndefined();
  });

  it('is told of a call as of a function call', () => {
    const drops = new Drops();
    const body = chatCodec.encodeResponse(answer([FIRST]), stamp, drops);
    expect(messageOf(body)).toMatchObject({
      function_call: { name: 'get_time', arguments: '{"zone":"UTC"}' },
    });
    expect(messageOf(body)).not.toHaveProperty('tool_calls');
    expect(body).toMatchObject({ choices: [{ finish_reason: 'function_call' }] });
    expect(drops.names).toEqual([]);
  });

  it('hears which calls it is not told', () => {
    const drops = new Drops();
    const body = chatCodec.encodeResponse(answer([FIRST, SECOND]), stamp, drops);
    expect(JSON.stringify(body).match(/get_time/g)).toHaveLength(1);
    expect(drops.names).toEqual(['tool_calls']);
  });

  it('is streamed the same', () => {
    const encoder = chatCodec.streamEncoder(stamp);
    const events = unfoldResponse(answer([FIRST, SECOND]), 4).map((event) => encoder.encode(event));
    const stream = events.join('');
    checkChatEvents(stream);
    expect(stream).not.toContain('tool_calls');
    expect(stream).toContain('"finish_reason":"function_call"');
    expect(encoder.dropped).toEqual(['tool_calls']);
    const parts = foldedText('openai-chat', stream).choices[0]?.parts;
    expect(parts).toMatchObject([{ ...FIRST, id: expect.any(String) }]);
  });

  it('hands a proof back with the call', () => {
    const message = messageOf(chatCodec.encodeResponse(answer([FIRST]), stamp, new Drops()));
    const result = { role: 'function', name: 'get_time', content: '12:00' };
    const messages = [{ role: 'user', content: 'What time is it?' }, message, result];
    const { turns } = requestOf({ ...ASKED, messages });
    expect(turns[1]?.parts).toMatchObject([{ name: 'get_time', signature }]);
    const call = turns[1]?.parts[0];
    expect(turns[2]?.parts).toMatchObject([
      { kind: 'tool_result', callId: call?.kind === 'tool_call' ? call.id : null },
    ]);
  });
});
