import { ERRORS, type ErrorCode } from '@keywell/core/errors/catalogue';
import { describe, expect, it } from 'vitest';
import { renderError, renderStreamError } from './render-error.ts';

const STATUS_NAMES = [
  'INVALID_ARGUMENT',
  'FAILED_PRECONDITION',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'ABORTED',
  'RESOURCE_EXHAUSTED',
  'CANCELLED',
  'INTERNAL',
  'UNIMPLEMENTED',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
];

describe('an error in the dialect of Gemini', () => {
  const codes = Object.keys(ERRORS).filter((code): code is ErrorCode => code in ERRORS);

  it.each(codes)('has a name of google.rpc.Code for %s', (code) => {
    const { error } = JSON.parse(renderError({ code, message: 'm', param: null }));
    expect(error).toMatchObject({ code: ERRORS[code].status, message: 'm' });
    expect(STATUS_NAMES).toContain(error.status);
    expect(error.details[0].reason).toBe(code.toUpperCase());
  });

  it.each<[ErrorCode, string]>([
    ['invalid_parameter', 'INVALID_ARGUMENT'],
    ['invalid_credentials', 'UNAUTHENTICATED'],
    ['model_not_allowed', 'PERMISSION_DENIED'],
    ['model_not_found', 'NOT_FOUND'],
    ['pool_exhausted', 'RESOURCE_EXHAUSTED'],
    ['upstream_timeout', 'DEADLINE_EXCEEDED'],
    ['overloaded', 'UNAVAILABLE'],
    ['unsupported_media_type', 'INVALID_ARGUMENT'],
  ])('%s is %s', (code, status) => {
    const { error } = JSON.parse(renderError({ code, message: 'm', param: null }));
    expect(error.status).toBe(status);
  });

  it('names the field and the wait where they are known', () => {
    const text = renderError({
      code: 'rate_limit_exceeded',
      message: 'm',
      param: 'contents[0].role',
      retryAfterMs: 1500.2,
    });
    expect(JSON.parse(text).error.details.slice(1)).toEqual([
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field: 'contents[0].role', description: 'm' }],
      },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.501s' },
    ]);
  });

  it('may have another status than the catalogue, as a provider answered', () => {
    const text = renderError({ code: 'upstream_error', message: 'm', param: null, status: 400 });
    expect(JSON.parse(text).error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
  });

  it('is one event whatever the message holds', () => {
    const message = 'a "b"\n\r\u2028\ud83d data: x\n\n';
    const event = renderStreamError({ code: 'upstream_error', message, param: null });
    expect(event).toMatch(/^data: \{[^\n\r]*\}\n\n$/);
    expect(JSON.parse(event.slice(6)).error.message).toBe(message);
  });
});
