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

export const CROWDS: Readonly<Record<string, CanonicalRequest>> = {
  '10,000 tools': sampleRequest([ask], {
    tools: numbers(10_000).map((at) => ({ ...WEATHER_TOOL, name: `get_weather_${at}` })),
  }),
  '10,000 messages': sampleRequest(
    numbers(10_000).map((at) => turn(at % 2 === 0 ? 'user' : 'assistant', textPart(`said ${at}`))),
  ),
  '200 parallel calls, and their results': sampleRequest(
    [
      ask,
      turn(
        'assistant',
        ...numbers(200).map((at) => toolCall(`call_${at}`, 'get_weather', '{"city":"x"}')),
      ),
      turn('user', ...numbers(200).map((at) => toolResult(`call_${at}`, textPart(`grey ${at}`)))),
    ],
    { tools: [WEATHER_TOOL] },
  ),
  '5,000 calls one after the other': sampleRequest(
    [
      ask,
      ...numbers(5000).flatMap((at) => [
        turn('assistant', toolCall(`call_${at}`, 'get_weather', '{"city":"x"}')),
        turn('user', toolResult(`call_${at}`, textPart(`grey ${at}`))),
      ]),
    ],
    { tools: [WEATHER_TOOL] },
  ),
};
