import { describe, expect, it } from 'vitest';
import { answerHead } from './answer-head.ts';

describe('the head of an answer', () => {
  it('is a status line, the fields in their order, the date and what closes it', () => {
    const lines = answerHead(
      200,
      ['content-type', 'text/plain', 'x-a', ''],
      'connection: close\r\n\r\n',
    ).split('\r\n');
    expect(lines[0]).toBe('HTTP/1.1 200 OK');
    expect(lines.slice(1, 3)).toEqual(['content-type: text/plain', 'x-a: ']);
    const date = Date.parse(lines[3]?.slice('date: '.length) ?? '');
    expect(Math.abs(date - Date.now())).toBeLessThan(2000);
    expect(lines.slice(4)).toEqual(['connection: close', '', '']);
  });

  it('has no reason where the status has no known one', () => {
    expect(answerHead(599, [], '')).toMatch(/^HTTP\/1\.1 599 \r\n/);
  });

  it.each([
    ['a\r\nset-cookie: b', 'a??set-cookie: b'],
    ['a\u0000b', 'a?b'],
    // Cut to their low byte, these would be a carriage return and a line feed.
    ['a\u010d\u010ab', 'a??b'],
    ['gpt-\u{1f600}', 'gpt-??'],
    ['caf\u00e9', 'caf\u00e9'],
  ])('never lets a value start a line: %j', (value, sound) => {
    expect(answerHead(200, ['x-a', value], '')).toContain(`x-a: ${sound}\r\n`);
  });
});
