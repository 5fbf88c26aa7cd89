/** The official client reads what the Messages codec writes; a fake fetch stands in for the gateway. */
import Anthropic, {
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from '@anthropic-ai/sdk';
import type { AnswerStamp } from '@keywell/wire/canonical/codec';
import { Drops } from '@keywell/wire/canonical/drops';
import { unfoldResponse } from '@keywell/wire/canonical/fold-stream.contract';
import { bareRequest } from '@keywell/wire/canonical/request';
import type { CanonicalResponse } from '@keywell/wire/canonical/response';
import { isJsonObject, type JsonObject } from '@keywell/wire/json/value';
import { SAMPLE_RESPONSES } from '@keywell/wire/canonical/samples.contract';
import { messagesCodec } from '@keywell/wire/anthropic-messages/codec';
import { renderTokenCount } from '@keywell/wire/anthropic-messages/count-tokens';
import { renderModel, renderModelList } from '@keywell/wire/anthropic-messages/models';
import { renderError, renderStreamError } from '@keywell/wire/anthropic-messages/render-error';
import { ERRORS, type ErrorCode } from '@keywell/core/errors/catalogue';
import { describe, expect, it } from 'vitest';

const STAMP: AnswerStamp = {
  id: 'req_1',
  model: 'smart',
  createdAt: 1,
  includeUsage: true,
  request: bareRequest('anthropic-messages', 'smart', []),
};
const ASKED = {
  model: 'smart',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Hello' }],
};

/** A client to whom every call is answered the same. */
function clientOf(body: string, { status = 200, type = 'application/json' } = {}): Anthropic {
  return new Anthropic({
    apiKey: 'k',
    maxRetries: 0,
    logLevel: 'off',
    fetch: () => Promise.resolve(new Response(body, { status, headers: { 'content-type': type } })),
  });
}

function streamed(response: CanonicalResponse, pieceLength: number): string {
  const encoder = messagesCodec.streamEncoder(STAMP);
  return unfoldResponse(response, pieceLength)
    .map((event) => encoder.encode(event))
    .join('');
}

const whole = (response: CanonicalResponse): JsonObject =>
  messagesCodec.encodeResponse(response, STAMP, new Drops());
/** Without the accessors that the client hangs on a message. */
const bare = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value));
function usageOf(response: CanonicalResponse): JsonObject {
  const { usage } = bare(whole(response));
  if (!isJsonObject(usage)) throw new Error('no usage');
  return usage;
}

describe('the official Anthropic client', () => {
  it.each([...SAMPLE_RESPONSES])('puts a streamed answer together: %s', async (_, response) => {
    for (const pieceLength of [3, 1000]) {
      const client = clientOf(streamed(response, pieceLength), { type: 'text/event-stream' });
      const stream = client.messages.stream(ASKED);
      const told: string[] = [];
      stream.on('text', (text) => void told.push(text));
      const message = await stream.finalMessage();
      // which cache the tokens went to is not known when a stream starts, and not read where it ends
      const usage = { ...usageOf(response), cache_creation: null };
      expect(bare(message)).toMatchObject({ ...bare(whole(response)), usage });
      const texts = message.content.flatMap((block) => (block.type === 'text' ? [block.text] : []));
      expect(told.join('')).toBe(texts.join(''));
    }
  });

  it.each([...SAMPLE_RESPONSES])('reads a whole answer: %s', async (_, response) => {
    const written = whole(response);
    const message = await clientOf(JSON.stringify(written)).messages.create(ASKED);
    expect(bare(message)).toMatchObject(bare(written));
  });

  it.each<[ErrorCode, new (...of: never[]) => Error]>([
    ['invalid_parameter', BadRequestError],
    ['invalid_credentials', AuthenticationError],
    ['model_not_allowed', PermissionDeniedError],
    ['model_not_found', NotFoundError],
    ['pool_exhausted', RateLimitError],
    ['upstream_error', InternalServerError],
    ['pool_unavailable', InternalServerError],
  ])('throws its own error for %s', async (code, kind) => {
    const body = renderError({ code, message: 'No.', requestId: 'req_1' });
    const { status } = ERRORS[code];
    const failed = clientOf(body, { status }).messages.create(ASKED);
    await expect(failed).rejects.toThrow(kind);
    await expect(failed).rejects.toMatchObject({ status, apiMessage: 'No.', errorCode: code });
  });

  it('throws in the middle of a stream that breaks', async () => {
    const encoder = messagesCodec.streamEncoder(STAMP);
    const begun = encoder.encode({ kind: 'start', id: null, model: null, createdAt: null });
    const end = renderStreamError({ code: 'upstream_error', message: 'Gone.', requestId: null });
    const stream = clientOf(begun + end, { type: 'text/event-stream' }).messages.stream(ASKED);
    await expect(stream.finalMessage()).rejects.toMatchObject({
      type: 'api_error',
      apiMessage: 'Gone.',
    });
  });

  it('lists models, and counts tokens', async () => {
    const model = {
      id: 'smart',
      displayName: 'Smart',
      createdAt: 1_760_000_000,
      maxInputTokens: null,
      maxOutputTokens: null,
    };
    const seen: string[] = [];
    for await (const { id } of clientOf(renderModelList([model])).models.list()) seen.push(id);
    expect(seen).toEqual(['smart']);
    const one = await clientOf(renderModel(model)).models.retrieve('smart');
    expect(one).toMatchObject({ display_name: 'Smart', created_at: '2025-10-09T08:53:20.000Z' });
    const count = await clientOf(renderTokenCount(14)).messages.countTokens(ASKED);
    expect(count.input_tokens).toBe(14);
  });
});
