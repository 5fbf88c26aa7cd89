/** What every official client is asked to do, whichever provider answers. */
import { PIXEL_PNG } from '@keywell/wire/canonical/sample-parts.contract';

/** Where a client is pointed: nothing else of it is changed. */
export interface Place {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly key: string;
  readonly model: string;
}

/** A client under test. Each call makes the client anew, with `maxRetries: 0` or what it calls that. */
export interface Client {
  readonly name: string;
  /** How a model's name must begin for the client to let it do what it can do. */
  readonly modelPrefix?: string;
  /** Whole answer to a prompt. */
  text(place: Place, prompt: string): Promise<string>;
  /** The answer's texts as they come in. Rejects where the stream breaks. */
  stream(place: Place, prompt: string): Promise<readonly string[]>;
  /** Asks with a tool, calls it by `WEATHER.call`, hands the result back, and gives the answer's text. */
  tools(place: Place): Promise<string>;
  /** The same, both answers streamed. */
  streamedTools(place: Place): Promise<string>;
  /** The answer to `PICTURE`. */
  vision(place: Place): Promise<string>;
  /** The answer in the form of `WEATHER.schema`. */
  json(place: Place): Promise<unknown>;
  /** Whether what was thrown is the client's own error for this status. */
  threw(error: unknown, status: 404 | 429): boolean;
}

export const PROMPT = 'hello there';

/** The one tool: the simulated model calls what it is told to by name, with the smallest arguments that fit. */
export const WEATHER = {
  name: 'get_weather',
  description: 'The weather in a city.',
  schema: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city', 'days'],
    additionalProperties: false,
  },
  prompt: 'Please ask get_weather.',
  call: (input: unknown): string =>
    JSON.stringify(input) === '{"city":"simulated","days":1}' ? 'grey over simulated' : 'no city',
} as const;

/** What the simulated model says once it has heard of the result, which some clients put in an object of their own. */
export const WEATHER_HEARD = /tool result: .*grey over simulated/;

export const PICTURE = {
  prompt: 'What is this?',
  mediaType: 'image/png',
  base64: PIXEL_PNG,
  url: `data:image/png;base64,${PIXEL_PNG}`,
} as const;

/** Where a client should have got the call of a tool. */
export function only<T>(calls: readonly T[] | null | undefined): T {
  const [call, ...more] = calls ?? [];
  if (call === undefined || more.length > 0) {
    throw new Error(`${(calls ?? []).length} calls of the tool instead of one`);
  }
  return call;
}
