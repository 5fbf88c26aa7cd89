import { ERRORS, type ErrorCode } from '@keywell/core/errors/catalogue';
import { describe, expect, it } from 'vitest';
import { renderError, renderStreamError } from './errors.ts';

describe('an error in the OpenAI dialect', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])('has its four members for %s', (code) => {
    expect(JSON.parse(renderError({ code, message: 'm', param: null }))).toEqual({
      error: { message: 'm', type: ERRORS[code].openaiType, param: null, code },
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
