import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeForCaller, isGoodbye, shortReason } from './close-codes.ts';
import { readRealtimeEvent } from './realtime-events.ts';

const read = (event: unknown) => readRealtimeEvent(Buffer.from(JSON.stringify(event)));

describe('what is read of a session', () => {
  it('is how much is left of each limit that is known', () => {
    const limits = [
      { name: 'requests', limit: 1000, remaining: 999, reset_seconds: 60 },
      { name: 'tokens', limit: 50_000, remaining: -1, reset_seconds: 0.5 },
      { name: 'constructor', limit: 1 },
      7,
    ];
    expect(read({ type: 'rate_limits.updated', rate_limits: limits })).toEqual({
      kind: 'limits',
      told: [
        {
          dimension: 'requests_minute',
          limit: 1000,
          remaining: 999,
          resetInMs: 60_000,
          source: 'body',
        },
        {
          dimension: 'tokens_minute',
          limit: 50_000,
          remaining: null,
          resetInMs: 500,
          source: 'body',
        },
      ],
    });
  });

  it('is what an answer used, sound apart', () => {
    const usage = {
      input_tokens: 127,
      output_tokens: 148,
      input_token_details: { cached_tokens: 64, text_tokens: 119, audio_tokens: 8 },
      output_token_details: { text_tokens: 36, audio_tokens: 112 },
    };
    expect(read({ type: 'response.done', response: { usage } })).toMatchObject({
      kind: 'done',
      failed: false,
      usage: {
        inputTokens: 127,
        outputTokens: 148,
        cachedTokens: 64,
        audioInputTokens: 8,
        audioOutputTokens: 112,
        estimated: false,
      },
    });
  });

  it('is that an answer failed, which says why', () => {
    const response = { status: 'failed', status_details: { error: { message: 'no money' } } };
    const failed = { kind: 'done', failed: true, usage: null };
    expect(read({ type: 'response.done', response })).toEqual(failed);
    expect(read({ type: 'error', error: {} })).toEqual({ kind: 'error' });
  });

  it.each([
    [{ type: 'response.output_audio.delta', delta: 'AAAA' }],
    [{ type: 'response.output_text.delta', delta: 'a "response.done" and an "error"' }],
    [{ type: 'response.done', response: null }],
    [{ type: 'rate_limits.updated', rate_limits: {} }],
    [['error']],
  ])('is nothing of %j', (event) => {
    expect(read(event)).toBeNull();
  });

  it('never throws, whatever comes', () => {
    const names = fc.constantFrom('error', 'response.done', 'rate_limits.updated');
    fc.assert(
      fc.property(names, fc.jsonValue(), fc.string(), (type, value, text) => {
        read({ type, response: value, rate_limits: value });
        readRealtimeEvent(Buffer.from(`"${type}"${text}`));
      }),
    );
    expect(readRealtimeEvent(new Uint8Array(0))).toBeNull();
  });
});

describe('the end of a session', () => {
  it.each([
    [1000, 1000],
    [1005, 1000],
    [1001, 1001],
    [1008, 1008],
    [4001, 4001],
    [1006, null],
    [1011, null],
    [1013, null],
    [5000, null],
  ])('with the provider’s code %i is told as %s', (code, told) => {
    expect(closeForCaller(code)).toBe(told);
  });

  it('tells a goodbye from a caller who is gone', () => {
    expect([1000, 1001, 1005, 1006, 1009].map(isGoodbye)).toEqual([true, true, true, false, false]);
  });

  it('has a reason that a frame can hold, whole characters alone', () => {
    expect(Buffer.byteLength(shortReason('ä'.repeat(200)))).toBeLessThanOrEqual(123);
    expect(shortReason('short')).toBe('short');
  });
});
