/** Images: generated, edited, varied. openai-node `ImagesResponse`; what arrived is told in `revised_prompt`. */
import type { Refusal } from '../../faces/refusal.ts';
import { mediaTypeOf } from '../conversation/media.ts';
import { estimateTokens } from '../estimate-tokens.ts';
import type { JsonObject } from '../json-body.ts';
import type { OwnRoute, RoutedCall } from '../openai/own-route.ts';
import { badRequest } from '../openai/request-errors.ts';
import { checkNumber, missing } from '../openai/value-checks.ts';
import { formRoute, jsonRoute, textField } from './endpoint.ts';
import type { EndpointCall } from './endpoint.ts';
import type { FormPart } from './multipart.ts';

/** One transparent pixel. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** What one image costs as output, and as input. */
const IMAGE_TOKENS = 1056;

interface Asked {
  readonly model: string | null;
  readonly prompt: string;
  readonly n: number;
  readonly size: string;
  readonly asUrl: boolean;
  readonly sent: readonly FormPart[];
}

function answered({ exchange }: RoutedCall, asked: Asked): EndpointCall {
  const { prompt, n, size, asUrl, sent } = asked;
  const textTokens = prompt === '' ? 0 : estimateTokens(Buffer.byteLength(prompt));
  const inputTokens = textTokens + sent.length * IMAGE_TOKENS;
  const outputTokens = n * IMAGE_TOKENS;
  const types = sent.map(({ bytes }) => mediaTypeOf(bytes)).join(', ');
  const note =
    sent.length === 0 ? '' : ` [${sent.length} image${sent.length === 1 ? '' : 's'}: ${types}]`;
  const body = (): string => {
    const data = Array.from({ length: n }, (_, at) => ({
      ...(asUrl
        ? { url: `https://images.simulator.invalid/${exchange.requestId}-${at}.png` }
        : { b64_json: PNG }),
      revised_prompt: `${prompt}${note}`,
    }));
    return JSON.stringify({
      created: Math.floor(exchange.state.clock.wallNow() / 1000),
      background: 'opaque',
      data,
      output_format: 'png',
      quality: 'low',
      size,
      usage: {
        input_tokens: inputTokens,
        input_tokens_details: { text_tokens: textTokens, image_tokens: inputTokens - textTokens },
        output_tokens: outputTokens,
        total_tokens: inputTokens + outputTokens,
      },
    });
  };
  return { model: asked.model, prompt, inputTokens, outputTokens, answer: () => ({ body }) };
}

const SIZE = '1024x1024';
const COUNT = { min: 1, max: 10, integer: true };

function generate(body: JsonObject, call: RoutedCall): EndpointCall | Refusal {
  const prompt = textField(body, 'prompt');
  if (prompt === null || prompt === '') return missing('prompt');
  const wrong = checkNumber(body, 'n', COUNT);
  if (wrong !== null) return wrong;
  return answered(call, {
    model: textField(body, 'model'),
    prompt,
    n: typeof body['n'] === 'number' ? body['n'] : 1,
    size: textField(body, 'size') ?? SIZE,
    asUrl: body['response_format'] === 'url',
    sent: [],
  });
}

/** `prompted`: an edit says what to change, a variation does not. */
const changing = (path: RegExp, operation: string, prompted: boolean): OwnRoute =>
  formRoute(path, operation, 'images', (form, call) => {
    const sent = form.files('image');
    const prompt = form.text('prompt') ?? '';
    const count = Number(form.text('n') ?? 1);
    if (sent.length === 0) return missing('image');
    if (prompted && prompt === '') return missing('prompt');
    const wrong = checkNumber({ n: count }, 'n', COUNT);
    if (wrong !== null) return wrong;
    const other = sent.find(({ bytes }) => !mediaTypeOf(bytes).startsWith('image/'));
    if (other !== undefined) {
      return badRequest(
        `Invalid file 'image': unsupported mimetype ('${mediaTypeOf(other.bytes)}'). Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.`,
        'image',
        'unsupported_file_mimetype',
      );
    }
    return answered(call, {
      model: form.text('model'),
      prompt,
      n: count,
      size: form.text('size') ?? SIZE,
      asUrl: form.text('response_format') === 'url',
      sent: [...sent, ...form.files('mask')],
    });
  });

export const IMAGE_ROUTES: readonly OwnRoute[] = [
  jsonRoute(/^\/v1\/images\/generations$/, 'images.generate', 'images', generate),
  changing(/^\/v1\/images\/edits$/, 'images.edit', true),
  changing(/^\/v1\/images\/variations$/, 'images.vary', false),
];
