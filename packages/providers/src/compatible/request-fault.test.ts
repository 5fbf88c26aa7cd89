import { describe, expect, it } from 'vitest';
import { readErrorBody } from './error-body.ts';
import { requestFaultOf } from './request-fault.ts';

const faultIn = (error: unknown) => requestFaultOf(readErrorBody(JSON.stringify({ error })));

describe('what another model might take', () => {
  it.each([
    [{ code: 'context_length_exceeded', message: 'x' }, 'context_length'],
    [
      {
        message: "This model's maximum context length is 8192 tokens. However, you requested 9000",
      },
      'context_length',
    ],
    [
      {
        type: 'invalid_request_error',
        message: 'prompt is too long: 210000 tokens > 200000 maximum',
      },
      'context_length',
    ],
    [
      {
        code: 400,
        message: 'The input token count (1300000) exceeds the maximum number of tokens allowed',
      },
      'context_length',
    ],
    [
      {
        code: 'invalid_encrypted_content',
        message: 'The encrypted content gAAA...DQ== could not be verified.',
      },
      'foreign_proof',
    ],
    [{ code: 'content_filter', message: 'filtered' }, 'content_filter'],
    [{ code: 'content_policy_violation', message: 'no' }, 'content_filter'],
    [{ code: 'invalid_value', message: 'temperature must be below 2' }, undefined],
    [{ message: 'messages: the context of this message is not given' }, undefined],
  ])('%j: %s', (error, fault) => {
    expect(faultIn(error)).toBe(fault);
  });
});
