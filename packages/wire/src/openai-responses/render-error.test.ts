import { expect, it } from 'vitest';
import { renderError, renderStreamError } from './render-error.ts';

const ERROR = { code: 'upstream_error', message: 'The provider\nfailed.', param: null } as const;

it('answers errors in the OpenAI error body', () => {
  expect(JSON.parse(renderError(ERROR))).toEqual({
    error: { message: ERROR.message, type: 'server_error', param: null, code: 'upstream_error' },
  });
});

it('ends a stream with an error event that every SDK finds its members in', () => {
  const event = renderStreamError(ERROR, 7);
  expect(event).toMatch(/^event: error\ndata: \{[^\n\r]*\}\n\n$/);
  expect(JSON.parse(event.split('data: ')[1] ?? '')).toEqual({
    type: 'error',
    sequence_number: 7,
    code: 'upstream_error',
    message: ERROR.message,
    param: null,
    error: { type: 'server_error', code: 'upstream_error', message: ERROR.message, param: null },
  });
});
