import { ERRORS, type ErrorCode } from '@keywell/core/errors/catalogue';
import { describe, expect, it } from 'vitest';
import { renderError, renderStreamError } from './errors.ts';

describe('an error in the OpenAI dialect', () => {
  it.each<[ErrorCode, string]>([
    ['malformed_json', 'invalid_request_error'],
    ['invalid_credentials', 'authentication_error'],
    ['pool_exhausted', 'requests'],
    ['upstream_error', 'server_error'],
  ])('has its four members for %s', (code, type) => {
    expect(ERRORS[code].openaiType).toBe(type);
    expect(JSON.parse(renderError({ code, message: 'm', param: null }))).toEqual({
      error: { message: 'm', type, param: null, code },
    });
  });

  it('is one line of JSON whatever the message holds', () => {
    const message = 'a "b"\n\r\u2028</script>\u0000\ud83d data: x\n\n';
    const text = renderError({ code: 'invalid_parameter', message, param: 'n' });
    expect(text).not.toMatch(/[\n\r]/);
    expect(JSON.parse(text)).toMatchObject({ error: { message, param: 'n' } });
    const event = renderStreamError({ code: 'upstream_error', message, param: null });
    expect(event).toMatch(/^data: \{[^\n\r]*\}\n\n$/);
  });
});
