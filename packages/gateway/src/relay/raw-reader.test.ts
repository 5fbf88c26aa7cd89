import { describe, expect, it } from 'vitest';
import { isRawStream } from './raw-reader.ts';

const typed = (type: string) => (name: string) => (name === 'content-type' ? type : undefined);

describe('an answer that is handed on as it is', () => {
  it.each([
    ['passthrough', 'text/event-stream; charset=utf-8', true],
    ['passthrough', 'application/vnd.amazon.eventstream', true],
    ['audio.speech', 'text/event-stream', true],
    ['audio.transcriptions', 'Text/Event-Stream', true],
    ['images.generations', 'text/event-stream', true],
    ['responses.get', 'text/event-stream', true],
    ['audio.speech', 'audio/mpeg', false],
    ['passthrough', '', false],
    // Whoever made the file says what it is of.
    ['files.content', 'text/event-stream', false],
    // It knows by its request.
    ['chat.completions', 'text/event-stream', false],
  ])('of %s and type "%s" comes as events: %s', (operation, type, streamed) => {
    expect(isRawStream(operation, typed(type))).toBe(streamed);
  });
});
