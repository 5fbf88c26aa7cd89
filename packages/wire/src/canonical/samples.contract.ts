/** Conversations and answers that use everything the canonical form has, by name: what the tests of codecs translate. */
import { textPart, type Part } from './content.ts';
import { DIALECTS, type Dialect } from './dialect.ts';
import { bareRequest, NO_SAMPLING, type CanonicalRequest, type Turn } from './request.ts';
import {
  NO_USAGE,
  STOP_REASONS,
  type CanonicalResponse,
  type CanonicalUsage,
  type Choice,
} from './response.ts';
import {
  LINKED_IMAGE,
  PDF,
  PIXEL_IMAGE,
  sealedThinking,
  SILENT_WAV,
  SQL_TOOL,
  thinking,
  TIME_TOOL,
  toolCall,
  toolResult,
  turn,
  WEATHER_SCHEMA,
  WEATHER_TOOL,
} from './sample-parts.contract.ts';

const MODEL = 'sample-model';
const HELLO = turn('user', textPart('Hello, world! 👋'));

const CALLS: readonly Part[] = [
  textPart('Let me look.'),
  toolCall('call_a', 'get_weather', '{"city":"Köln","days":2}'),
  toolCall('call_b', 'get_time', '{}'),
];
const CALLED: readonly Turn[] = [
  HELLO,
  turn('assistant', ...CALLS),
  turn(
    'user',
    toolResult('call_a', textPart('{"sky":"grey"}')),
    { ...toolResult('call_b', textPart('no clock')), isError: true },
    textPart('Well?'),
  ),
];

/** `of` over a request of the Chat dialect that says only its turns. */
export function sampleRequest(
  turns: readonly Turn[],
  of: Partial<CanonicalRequest> = {},
): CanonicalRequest {
  return { ...bareRequest('openai-chat', MODEL, turns), ...of };
}

const withTools = { tools: [WEATHER_TOOL, TIME_TOOL] };

const PLAIN_REQUESTS = {
  text: sampleRequest([HELLO]),
  'streamed text': sampleRequest([HELLO], { stream: true }),
  'system, several turns': sampleRequest([
    turn('system', textPart('Be brief.')),
    HELLO,
    turn('assistant', textPart('Hello.')),
    turn('user', textPart('One.'), textPart('Two.')),
  ]),
  'system in the middle': sampleRequest([
    turn('system', textPart('Be brief.')),
    HELLO,
    turn('developer', textPart('From here on in French.')),
    turn('user', textPart('Go on.')),
  ]),
  'turns of one role in a row': sampleRequest([HELLO, HELLO, { ...HELLO, name: 'Ada' }]),
  'ends with the assistant': sampleRequest([HELLO, turn('assistant', textPart('{'))]),
  'image by URL': sampleRequest([turn('user', textPart('What is this?'), LINKED_IMAGE)]),
  'image in base64': sampleRequest([turn('user', PIXEL_IMAGE, textPart('And this?'))]),
  'PDF in base64': sampleRequest([turn('user', PDF, textPart('Sum it up.'))]),
  'file by URL': sampleRequest([
    turn('user', {
      ...PDF,
      source: { kind: 'url', url: 'https://files.example/a.pdf', mediaType: 'application/pdf' },
    }),
  ]),
  'file by id': sampleRequest([
    turn('user', {
      ...PDF,
      source: { kind: 'id', id: 'file-1', origin: 'openai-chat' },
      name: null,
    }),
  ]),
  audio: sampleRequest([
    turn('user', {
      kind: 'audio',
      source: { kind: 'base64', mediaType: 'audio/wav', data: SILENT_WAV },
    }),
  ]),
  video: sampleRequest([
    turn('user', {
      kind: 'video',
      source: { kind: 'url', url: 'https://videos.example/a.mp4', mediaType: 'video/mp4' },
    }),
  ]),
  tools: sampleRequest([HELLO], { ...withTools, toolChoice: { kind: 'auto' } }),
  'tools, none to be called': sampleRequest([HELLO], {
    ...withTools,
    toolChoice: { kind: 'none' },
  }),
  'tools, one must be called': sampleRequest([HELLO], {
    ...withTools,
    toolChoice: { kind: 'required' },
    parallelToolCalls: false,
  }),
  'tool forced': sampleRequest([HELLO], {
    ...withTools,
    toolChoice: { kind: 'tool', name: 'get_time' },
  }),
  'tools allowed': sampleRequest([HELLO], {
    ...withTools,
    toolChoice: { kind: 'allowed', names: ['get_time'], required: true },
  }),
  'custom tool': sampleRequest(
    [
      HELLO,
      turn('assistant', toolCall('call_c', 'run_sql', 'select 1;\n')),
      turn('user', toolResult('call_c', textPart('1'))),
    ],
    { tools: [SQL_TOOL] },
  ),
  'parallel tool calls and their results': sampleRequest(CALLED, {
    ...withTools,
    parallelToolCalls: true,
  }),
  'tool result with an image': sampleRequest(
    [
      HELLO,
      turn('assistant', toolCall('call_a', 'get_weather', '{"city":"Köln"}')),
      turn('user', toolResult('call_a', textPart('The radar:'), PIXEL_IMAGE)),
    ],
    withTools,
  ),
  'JSON object': sampleRequest([HELLO], { output: { kind: 'json' } }),
  'JSON schema': sampleRequest([HELLO], {
    output: {
      kind: 'json_schema',
      name: 'weather',
      description: 'A place and a time.',
      schema: WEATHER_SCHEMA,
      strict: true,
    },
  }),
  'refusal in the history': sampleRequest([
    HELLO,
    turn('assistant', { kind: 'refusal', text: 'I would rather not.' }),
    turn('user', textPart('Why?')),
  ]),
  'cache marks': sampleRequest(
    [
      turn('system', textPart('A long preface.', { ttl: '1h' })),
      turn('user', { ...PIXEL_IMAGE, cache: { ttl: null } }, textPart('Hi', { ttl: '5m' })),
    ],
    { tools: [{ ...WEATHER_TOOL, cache: { ttl: null } }] },
  ),
  'two choices with logprobs': sampleRequest([HELLO], {
    sampling: { ...NO_SAMPLING, choices: 2, logprobs: true, topLogprobs: 3 },
  }),
  'every sampling parameter': sampleRequest([HELLO], {
    sampling: {
      maxOutputTokens: 300,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      stop: ['END', '\n\n'],
      frequencyPenalty: 0.25,
      presencePenalty: -0.25,
      seed: 7,
      choices: 2,
      logprobs: true,
      topLogprobs: 2,
      logitBias: { '50256': -100 },
    },
  }),
  'thinking by effort': sampleRequest([HELLO], { reasoning: reasoning({ effort: 'high' }) }),
  'thinking by budget': sampleRequest([HELLO], { reasoning: reasoning({ budgetTokens: 2048 }) }),
  'thinking as the model likes': sampleRequest([HELLO], {
    reasoning: reasoning({ adaptive: true, show: true }),
  }),
  'no thinking': sampleRequest([HELLO], { reasoning: reasoning({ effort: 'none' }) }),
  'everything beside the conversation': sampleRequest([HELLO], {
    user: 'user-7',
    metadata: { team: 'blue' },
    serviceTier: 'flex',
    promptCacheKey: 'prefix-1',
    verbosity: 'low',
    modalities: ['text', 'audio'],
    store: false,
    includeUsage: true,
    extensions: { web_search_options: { search_context_size: 'low' } },
  }),
  'block that only its origin knows': sampleRequest([
    turn('user', textPart('See:'), {
      kind: 'foreign',
      origin: 'openai-chat',
      name: 'hologram',
      value: { type: 'hologram', hologram: { layers: 3 } },
    }),
  ]),
} satisfies Readonly<Record<string, CanonicalRequest>>;

function reasoning(of: Partial<NonNullable<CanonicalRequest['reasoning']>>) {
  return {
    effort: null,
    budgetTokens: null,
    adaptive: false,
    show: null,
    summary: null,
    ...of,
  };
}

/** The second turn of a tool loop, with thoughts that `origin` signed and sealed. */
function thoughtfulRequest(origin: Dialect): CanonicalRequest {
  return sampleRequest(
    [
      HELLO,
      turn(
        'assistant',
        thinking('They want the sky.', { origin, value: 'c2lnbmVk' }),
        sealedThinking({ origin, value: 'c2VhbGVk' }),
        {
          ...toolCall('call_a', 'get_weather', '{"city":"Köln"}'),
          signature: { origin, value: 'Y2FsbA==' },
        },
      ),
      turn('user', toolResult('call_a', textPart('grey'))),
    ],
    { ...withTools, reasoning: reasoning({ effort: 'low' }) },
  );
}

export const SAMPLE_REQUESTS: ReadonlyMap<string, CanonicalRequest> = new Map([
  ...Object.entries(PLAIN_REQUESTS),
  ...DIALECTS.map((origin) => [`thinking signed by ${origin}`, thoughtfulRequest(origin)] as const),
]);

export const FULL_USAGE: CanonicalUsage = {
  inputTokens: 1200,
  outputTokens: 340,
  cachedTokens: 800,
  cacheWriteTokens: 100,
  reasoningTokens: 120,
  audioInputTokens: 10,
  audioOutputTokens: 20,
};

const TEXT_ANSWER: readonly Part[] = [textPart('Grey, with 🌧️ later.')];
const LOGPROBS = [
  { token: 'Grey', logprob: -0.25, bytes: [71, 114, 101, 121], top_logprobs: [] },
  { token: ',', logprob: -1.5, bytes: [44], top_logprobs: [] },
] as const;

export function sampleChoice(parts: readonly Part[], of: Partial<Choice> = {}): Choice {
  return { parts, stop: 'stop', stopDetail: null, logprobs: null, ...of };
}

export function sampleResponse(
  choices: readonly Choice[],
  of: Partial<CanonicalResponse> = {},
): CanonicalResponse {
  return {
    origin: 'openai-chat',
    id: 'answer-1',
    model: MODEL,
    createdAt: 1_760_000_000,
    choices,
    usage: { ...NO_USAGE, inputTokens: 12, outputTokens: 8 },
    extensions: {},
    ...of,
  };
}

const PLAIN_RESPONSES = {
  text: sampleResponse([sampleChoice(TEXT_ANSWER)]),
  'without id, model, time and usage': sampleResponse([sampleChoice(TEXT_ANSWER)], {
    id: null,
    model: null,
    createdAt: null,
    usage: null,
  }),
  'without a part': sampleResponse([sampleChoice([], { stop: 'length' })]),
  'all counts of usage': sampleResponse([sampleChoice(TEXT_ANSWER)], { usage: FULL_USAGE }),
  'parallel tool calls': sampleResponse([sampleChoice(CALLS, { stop: 'tool_calls' })]),
  'custom tool call': sampleResponse([
    sampleChoice([toolCall('call_c', 'run_sql', 'select 1;')], { stop: 'tool_calls' }),
  ]),
  refusal: sampleResponse([
    sampleChoice([{ kind: 'refusal', text: 'I would rather not.' }], { stop: 'refusal' }),
  ]),
  'thinking without a signature': sampleResponse([
    sampleChoice([thinking('Look up first.', null), ...TEXT_ANSWER]),
  ]),
  'two choices': sampleResponse([
    sampleChoice(TEXT_ANSWER),
    sampleChoice([textPart('Sunny.')], { stop: 'length' }),
  ]),
  logprobs: sampleResponse([sampleChoice([textPart('Grey,')], { logprobs: LOGPROBS })]),
  citations: sampleResponse([
    sampleChoice([
      {
        ...textPart('Grey.'),
        annotations: {
          origin: 'openai-chat',
          list: [
            {
              type: 'url_citation',
              url_citation: {
                start_index: 0,
                end_index: 5,
                title: 'Sky',
                url: 'https://sky.example/',
              },
            },
          ],
        },
      },
    ]),
  ]),
  'image made by the model': sampleResponse([sampleChoice([textPart('Here:'), PIXEL_IMAGE])]),
} satisfies Readonly<Record<string, CanonicalResponse>>;

function thoughtfulResponse(origin: Dialect): CanonicalResponse {
  const parts = [
    thinking('They want the sky.', { origin, value: 'c2lnbmVk' }),
    sealedThinking({ origin, value: 'c2VhbGVk' }),
    textPart('Let me look.'),
    {
      ...toolCall('call_a', 'get_weather', '{"city":"Köln"}'),
      signature: { origin, value: 'Y2FsbA==' },
    },
  ];
  return sampleResponse([sampleChoice(parts, { stop: 'tool_calls' })], { origin });
}

export const SAMPLE_RESPONSES: ReadonlyMap<string, CanonicalResponse> = new Map([
  ...Object.entries(PLAIN_RESPONSES),
  ...STOP_REASONS.map((stop) => {
    const stopDetail = stop === 'stop_sequence' ? 'END' : stop === 'other' ? 'moon_phase' : null;
    return [
      `stopped by ${stop}`,
      sampleResponse([sampleChoice(TEXT_ANSWER, { stop, stopDetail })]),
    ] as const;
  }),
  ...DIALECTS.map(
    (origin) => [`thinking signed by ${origin}`, thoughtfulResponse(origin)] as const,
  ),
]);
