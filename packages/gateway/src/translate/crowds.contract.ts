/** Conversations of thousands of the same, in any dialect. */
import { textPart } from '@keywell/wire/canonical/content';
import type { CanonicalRequest } from '@keywell/wire/canonical/request';
import {
  toolCall,
  toolResult,
  turn,
  WEATHER_TOOL,
} from '@keywell/wire/canonical/sample-parts.contract';
import { sampleRequest } from '@keywell/wire/canonical/samples.contract';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);
const ask = turn('user', textPart('What is the weather like?'));

const calls = (count: number) =>
  numbers(count).map((at) => toolCall(`call_${at}`, 'get_weather', '{"city":"x"}'));

export const CROWDS: Readonly<Record<string, CanonicalRequest>> = {
  '10,000 tools': sampleRequest([ask], {
    tools: numbers(10_000).map((at) => ({ ...WEATHER_TOOL, name: `get_weather_${at}` })),
  }),
  '10,000 messages': sampleRequest(
    numbers(10_000).map((at) => turn(at % 2 === 0 ? 'user' : 'assistant', textPart(`said ${at}`))),
  ),
  '10,000 parallel calls, and their results': sampleRequest(
    [
      ask,
      turn('assistant', ...calls(10_000)),
      turn('user', ...numbers(10_000).map((at) => toolResult(`call_${at}`, textPart('grey')))),
    ],
    { tools: [WEATHER_TOOL] },
  ),
  '10,000 calls one after the other': sampleRequest(
    [
      ask,
      ...calls(10_000).flatMap((call, at) => [
        turn('assistant', call),
        turn('user', toolResult(`call_${at}`, textPart(`grey ${at}`))),
      ]),
    ],
    { tools: [WEATHER_TOOL] },
  ),
};
