import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { tokenUsage } from '@keywell/core/log/token-usage';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { StreamObserver, type StreamObserverOptions } from './stream-observer.ts';

// Wide, for machines that are busy with something else.
vi.setConfig({ testTimeout: 30_000 });

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`./fixtures/${name}.sse`, import.meta.url));
const CHAT: StreamObserverOptions = { hideUsage: false, operation: 'chat.completions' };
const HIDING: StreamObserverOptions = { ...CHAT, hideUsage: true };

const text = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString();

function watch(chunks: readonly Uint8Array[], options: StreamObserverOptions = CHAT) {
  const observer = new StreamObserver(options);
  const pieces: Uint8Array[] = [];
  for (const chunk of chunks) pieces.push(...observer.push(chunk));
  const { ready, clean } = observer.end();
  pieces.push(...ready);
  const { phase, failureKind, usage, contentBytes } = observer;
  const failure = observer.failure === null ? null : decoder.decode(observer.failure);
  return { out: text(pieces), clean, phase, failure, failureKind, usage, contentBytes };
}

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;
const delta = (members: object, finish: string | null = null, index = 0): string =>
  event({ id: 'x', choices: [{ index, delta: members, finish_reason: finish }] });
const ROLE = delta({ role: 'assistant', content: '' });
const STOP = delta({}, 'stop');
const DONE = 'data: [DONE]\n\n';
const see = (stream: string, options?: StreamObserverOptions) =>
  watch([encoder.encode(stream)], options);

/** After each event of a stream: has anything been given out? */
function phases(...events: readonly string[]): string[] {
  const observer = new StreamObserver(CHAT);
  return events.map((part) => {
    observer.push(encoder.encode(part));
    return observer.phase;
  });
}

describe('a stream that ends well', () => {
  it.each([
    ['chat-stream', 112],
    ['chat-stream-tools', 29],
    ['chat-stream-two-choices', 2],
    ['deepseek-stream', 9],
    ['azure-stream-no-done', 2],
  ])('goes out byte for byte, wherever it is cut: %s', (name, contentBytes) => {
    const bytes = fixture(name);
    const whole = decoder.decode(bytes);
    const expected = watch([bytes]);
    expect(expected).toMatchObject({ out: whole, clean: true, phase: 'done', failure: null });
    expect(expected.contentBytes).toBe(contentBytes);
    const sameAt = (cut: number): boolean =>
      isDeepStrictEqual(watch([bytes.subarray(0, cut), bytes.subarray(cut)]), expected);
    expect([...bytes.keys()].filter((cut) => !sameAt(cut))).toEqual([]);
    expect(watch(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it('of legacy completions has its text in the choice itself', () => {
    const bytes = fixture('completion-stream');
    const result = watch([bytes], { hideUsage: false, operation: 'completions' });
    expect(result).toMatchObject({ out: decoder.decode(bytes), clean: true, contentBytes: 11 });
  });

  it('reports the usage of the last chunk that carries it', () => {
    expect(watch([fixture('chat-stream')]).usage).toEqual(
      tokenUsage({ inputTokens: 31, outputTokens: 24, cachedTokens: 16, reasoningTokens: 8 }),
    );
    expect(watch([fixture('deepseek-stream')]).usage).toMatchObject({ outputTokens: 12 });
    expect(watch([fixture('chat-stream-tools')]).usage).toBeNull();
    const counted = (tokens: number): object => ({ prompt_tokens: 1, completion_tokens: tokens });
    const running = [1, 2, 3].map((n) =>
      event({ choices: [{ delta: { content: 'x' } }], usage: counted(n) }),
    );
    expect(see(running.join('')).usage).toMatchObject({ outputTokens: 3 });
  });

  it('loses the chunk of usage alone where the caller did not ask for it, at every cut', () => {
    const bytes = fixture('chat-stream');
    const whole = decoder.decode(bytes);
    const events = whole.split(/(?<=\n\n)/);
    const expected = events.filter((part) => !part.includes('"choices":[]')).join('');
    expect(expected.length).toBeLessThan(whole.length);
    const wrong = [...bytes.keys()].filter((cut) => {
      const result = watch([bytes.subarray(0, cut), bytes.subarray(cut)], HIDING);
      return result.out !== expected || result.usage?.inputTokens !== 31 || !result.clean;
    });
    expect(wrong).toEqual([]);
  });

  it('keeps usage that comes with a choice, and chunks without choices or usage', () => {
    for (const name of ['deepseek-stream', 'azure-stream-no-done']) {
      const bytes = fixture(name);
      expect(watch([bytes], HIDING).out).toBe(decoder.decode(bytes));
    }
  });

  it('gives out the chunk itself where all of it may go', () => {
    const observer = new StreamObserver(CHAT);
    const first = encoder.encode(delta({ content: 'a' }));
    const second = encoder.encode(delta({ content: 'b' }) + delta({ content: 'c' }));
    expect(observer.push(first)[0]).toBe(first);
    expect(observer.push(second)).toEqual([second]);
    expect(observer.push(second)[0]).toBe(second);
    const half = encoder.encode(delta({ content: 'd' }) + 'data: {');
    expect(observer.push(half)[0]?.buffer).toBe(half.buffer);
  });

  it('goes out alike from chunks of any kind of bytes, in any memory, with any ends of lines', () => {
    const streams = ['\n', '\r\n', '\r'].map((eol) =>
      decoder.decode(fixture('chat-stream')).replaceAll('\n', eol),
    );
    const given: Uint8Array[] = [];
    const allocate = (length: number): Uint8Array => {
      const bytes = new Uint8Array(length + 16).fill(0x0d).subarray(7, 7 + length);
      given.push(bytes);
      return bytes;
    };
    for (const stream of streams) {
      for (const size of [1, 7, 100, 333, 5000]) {
        const bytes = Buffer.from(stream);
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        const plain = chunks.map((chunk) => new Uint8Array(chunk));
        const result = watch(chunks, { ...CHAT, allocate });
        expect(result).toMatchObject({ clean: true, contentBytes: 112 });
        // Of a CRLF that is cut behind [DONE] the CR alone goes out.
        expect(result.out.trimEnd()).toBe(stream.trimEnd());
        expect(watch(plain)).toEqual(result);
      }
    }
    expect(given.length).toBeGreaterThan(0);
  });

  it('ignores whatever follows [DONE]', () => {
    const result = see(`${delta({ content: 'a' }, 'stop')}${DONE}${event({ error: 'late' })}`);
    expect(result).toMatchObject({ clean: true, failure: null });
    expect(result.out.endsWith(DONE)).toBe(true);
  });

  it.each(['data: [DONE]', 'data: [DONE]\n', 'data:[DONE]\r\n', 'data: [DONE] \n\n'])(
    'may end in %j',
    (end) => {
      const result = see(`${delta({ content: 'a' })}${end}`);
      expect(result).toMatchObject({ clean: true, phase: 'done' });
      expect(result.out).toMatch(/\n\n$|\n\r?\n$/);
    },
  );

  it('may end with an event that lacks its blank line: it is given out with one', () => {
    const content = delta({ content: 'a' });
    expect(see(content + STOP.trimEnd())).toMatchObject({ clean: true, out: content + STOP });
  });

  it('may consist of [DONE] alone', () => {
    expect(see(ROLE + DONE)).toMatchObject({ clean: true, out: ROLE + DONE });
  });
});

describe('until the first content', () => {
  it.each([
    ['a comment', ': keep-alive\n\n'],
    ['blank lines', '\n\n\n'],
    ['data that is empty', 'data:\n\ndata: \n\n'],
    ['a role', ROLE],
    ['a role and nulls', delta({ role: 'assistant', content: null, refusal: null, audio: null })],
    ['an empty delta', delta({})],
    ['no delta', event({ choices: [{ index: 0, finish_reason: null }] })],
    ['empty lists', delta({ content: '', tool_calls: [], reasoning_details: [] })],
    ['an empty reason', delta({ content: '' }, '')],
    ['no choices', event({ choices: [], prompt_filter_results: [{ content: 'text' }] })],
    ['an object of its own', event({ type: 'ping', content: 'text', delta: { content: 'x' } })],
    ['an error that is none', event({ error: null, choices: [] })],
    ['text beside the delta', event({ choices: [{ index: 0, text: 'x', delta: {} }] })],
  ])('%s is held back', (_, part) => {
    expect(phases(part)).toEqual(['holding']);
    const content = delta({ content: 'x' });
    expect(see(part + content).out).toBe(part + content);
  });

  it.each([
    ['text', { content: 'x' }],
    ['a blank', { content: ' ' }],
    ['an escape', { content: '\n' }],
    ['text in parts', { content: [{ type: 'text', text: 'x' }] }],
    ['reasoning', { reasoning: 'x' }],
    ['reasoning_content', { content: null, reasoning_content: 'x' }],
    ['reasoning_details', { reasoning_details: [{ type: 'reasoning.encrypted', data: '…' }] }],
    ['a refusal', { refusal: 'x' }],
    ['tool calls', { tool_calls: [{ index: 0, function: { name: 'f', arguments: '' } }] }],
    ['a function call', { function_call: { name: 'f', arguments: '' } }],
    ['audio', { audio: { id: 'a', data: 'AAAA' } }],
  ])('%s is content', (_, members) => {
    expect(phases(ROLE, delta(members))).toEqual(['holding', 'flowing']);
  });

  it('a finish_reason is content', () => {
    expect(phases(ROLE, STOP)).toEqual(['holding', 'flowing']);
  });

  it('comments are not kept without end', () => {
    const observer = new StreamObserver(CHAT);
    const comment = encoder.encode(': still working\n\n');
    for (let i = 0; i < 10_000; i++) expect(observer.push(comment)).toEqual([]);
    const out = text(observer.push(encoder.encode(delta({ content: 'x' }))));
    expect(out.length).toBeLessThan(5000);
    expect(out.endsWith(delta({ content: 'x' }))).toBe(true);
  });

  it('a stream of something unknown flows once 64 KiB of it have been held', () => {
    const unknown = delta({ odd: 'x'.repeat(1000) });
    const result = see(unknown.repeat(100) + DONE);
    expect(result).toMatchObject({ clean: true, out: unknown.repeat(100) + DONE });
    expect(phases(...Array.from({ length: 100 }, () => unknown)).at(-1)).toBe('flowing');
  });
});

describe('a stream that fails', () => {
  it.each(['openrouter-stream-error-first', 'groq-stream-error'])(
    'before any content gives nothing out, wherever it is cut: %s',
    (name) => {
      const bytes = fixture(name);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const result = watch([bytes.subarray(0, cut), bytes.subarray(cut)]);
        expect(result).toMatchObject({ out: '', clean: false, phase: 'holding' });
        expect(result.failureKind).toBe('error_event');
        expect(JSON.parse(result.failure ?? '')).toHaveProperty('error.message');
      }
    },
  );

  it('after content gives out all that came before, and not the error', () => {
    const bytes = fixture('openrouter-stream-error-later');
    const whole = decoder.decode(bytes);
    const before = whole.slice(0, whole.lastIndexOf('data: '));
    for (let cut = 0; cut <= bytes.length; cut++) {
      const result = watch([bytes.subarray(0, cut), bytes.subarray(cut)]);
      expect(result).toMatchObject({ clean: false, phase: 'flowing' });
      // Cut between CR and LF, the LF comes with the next event: with the error.
      expect([before, before.slice(0, -1)]).toContain(result.out);
      expect(result.failure).toContain('rate-limited upstream');
    }
  });

  it.each([
    [event({ error: { message: 'x' } })],
    [event({ error: 'x' })],
    [event({ error: {} })],
    [event({ id: 'x', choices: [], error: { code: 1 } })],
    [event({ object: 'error', message: 'x' })],
    ['event: error\ndata: plain text\n\n'],
    ['event:error\r\ndata: {\r\ndata: "message":"x"}\r\n\r\n'],
    ['data: {"error":\ndata: {"message":"x"}}\n\n'],
    [event({ error: { message: 'no blank line' } }).trimEnd()],
  ])('says so in %j', (part) => {
    expect(see(part)).toMatchObject({ failureKind: 'error_event', clean: false, out: '' });
    const content = delta({ content: 'a' });
    expect(see(content + part)).toMatchObject({ failureKind: 'error_event', out: content });
  });

  it.each(['<html>busy</html>', 'data: oops\n\n', 'data: [{"error":{}}]\n\n', 'data: "x"\n\n'])(
    'is not taken for a stream when it begins with %j',
    (start) => {
      const result = see(start);
      expect(result).toMatchObject({ out: '', clean: false });
      expect(result.failureKind).toBe(start.startsWith('data') ? 'invalid' : null);
    },
  );

  it('has an event beyond the cap', () => {
    const long = delta({ content: 'x'.repeat(2000) });
    const options = { ...CHAT, maxEventBytes: 1000 };
    expect(see(long, options)).toMatchObject({ failureKind: 'too_large', clean: false, out: '' });
    const content = delta({ content: 'a' });
    expect(see(content + long, options)).toMatchObject({
      failureKind: 'too_large',
      out: content,
      phase: 'flowing',
    });
  });

  it('keeps a copy of the error, not the chunk it came in', () => {
    const observer = new StreamObserver(CHAT);
    const chunk = Buffer.from(event({ error: { message: 'x' } }));
    observer.push(chunk);
    expect(observer.failure?.buffer).not.toBe(chunk.buffer);
    expect(observer.failure?.buffer.byteLength).toBeLessThan(40);
  });

  it('keeps at most 64 KiB of the error', () => {
    const result = see(event({ error: { message: 'x'.repeat(100_000) } }));
    expect(result.failure?.length).toBe(65_536);
  });
});

describe('text that looks like something else', () => {
  it.each([
    '{"error":{"message":"x"}}',
    '"error":"x"',
    'say "error"',
    '\\"error\\":{',
    '"usage":{"prompt_tokens":9,"completion_tokens":9}',
    '"choices":[]',
    '[DONE]',
    'data: [DONE]\n\n',
    '\n\ndata: {"error":1}\n\n',
    '"finish_reason":"stop"',
    'event: error',
    '}}]}',
    '\u2028\ud83d',
  ])('is text: %j', (content) => {
    const stream = ROLE + delta({ content }) + delta({ reasoning: content, content: '' });
    const result = see(stream);
    expect(result).toMatchObject({ out: stream, failure: null, usage: null, clean: false });
    expect(see(stream + STOP + DONE).clean).toBe(true);
    const tool = delta({ tool_calls: [{ index: 0, function: { arguments: content } }] });
    expect(see(tool)).toMatchObject({ out: tool, failure: null, usage: null, clean: false });
  });

  it('stands at its place: members of that name deeper down mean nothing', () => {
    const stream = event({
      meta: { error: { a: 1 }, usage: { prompt_tokens: 1 }, choices: [] },
      choices: [{ index: 0, delta: { content: 'x', error: 'y', usage: {} }, error: 1 }],
    });
    expect(see(stream)).toMatchObject({ out: stream, failure: null, usage: null });
  });

  it('never confuses the observer, whatever a model writes', () => {
    const written = fc
      .array(
        fc.oneof(
          fc.constantFrom('"error":', '{', '}', '"usage":{}', '\\', '"', '[DONE]', '\n\n', 'data:'),
          fc.string({ unit: 'binary', maxLength: 5 }),
        ),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(written, (content) => {
        const stream = delta({ content: `.${content}` }) + STOP + DONE;
        const result = see(stream);
        expect(result).toMatchObject({ out: stream, failure: null, usage: null, clean: true });
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a stream that breaks off', () => {
  it('is not clean at any byte before the last choice has finished', () => {
    const bytes = fixture('chat-stream-two-choices');
    const whole = decoder.decode(bytes);
    const finished = whole.indexOf('\n\n', whole.indexOf('"length"'));
    for (let length = 0; length < bytes.length; length++) {
      const result = watch([bytes.subarray(0, length)]);
      // The event is whole from its last brace on, even if its blank line is missing.
      expect(result.clean).toBe(length >= finished);
      expect(result.failure).toBeNull();
    }
  });

  it('gives out whole events only', () => {
    const content = delta({ content: 'abc' });
    for (let length = 0; length < content.length - 2; length++) {
      const result = see(content + content.slice(0, length));
      expect(result.out).toBe(content);
    }
  });

  it('with [DONE] but no finish_reason is clean: the host said so', () => {
    expect(see(delta({ content: 'a' }) + DONE).clean).toBe(true);
  });

  it('tells choices apart, far beyond the usual number of them', () => {
    const indexes = Array.from({ length: 128 }, (_, index) => index);
    const starts = indexes.map((index) => delta({ content: 'x' }, null, index)).join('');
    const stops = indexes.map((index) => delta({}, 'stop', index));
    expect(see(starts + stops.join('')).clean).toBe(true);
    for (const missing of [0, 30, 31, 32, 127]) {
      expect(see(starts + stops.filter((_, index) => index !== missing).join('')).clean).toBe(
        false,
      );
    }
  });
});

describe('the bytes of content', () => {
  it.each([
    [{ content: 'abc' }, 3],
    [{ content: 'é東👍' }, 9],
    [{ content: 'a"b\n' }, 4],
    [{ content: 'ab', reasoning: 'xyz', reasoning_content: 'xyz' }, 5],
    [{ reasoning_content: 'xyz', reasoning_details: [{ text: 'xyz' }] }, 3],
    [{ tool_calls: [{ id: 'call_1', function: { name: 'fn', arguments: '{"a":1}' } }] }, 9],
    [{ content: [{ type: 'text', text: 'abc' }] }, 3],
    [{ role: 'assistant', content: '' }, 0],
  ])('in %j are %i', (members, bytes) => {
    expect(see(delta(members)).contentBytes).toBe(bytes);
  });
});

describe('whatever comes', () => {
  it('the observer neither throws nor gives out what did not come in that order', () => {
    const piece = fc.oneof(
      fc.constantFrom(ROLE, STOP, DONE, delta({ content: 'x' }), ': c\n\n', 'data: ', '\n', '{"'),
      fc.string({ maxLength: 6 }),
      fc.constantFrom('{"choices":[', '{"a":', '[[[[', '}', ']', '"\\', '"usage":{', '"error":'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.boolean(), (pieces, hideUsage) => {
        const chunks = pieces.map((part) => encoder.encode(part));
        const result = watch(chunks, { ...CHAT, hideUsage });
        const ended = `${pieces.join('')}\n\n`;
        expect(hideUsage || ended.startsWith(result.out.trimEnd())).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('deep nesting costs no stack', () => {
    const deep = `{"choices":[{"index":0,"delta":{"tool_calls":${'['.repeat(300_000)}${']'.repeat(300_000)}}}]}`;
    expect(see(`data: ${deep}\n\n`).failure).toBeNull();
  });
});
