// What travels in the bench: a short conversation in, a short answer or a stream of words out.

export const MODEL = 'bench-model-2026-01-01';

/** A request of about 2 KB. */
export function chatRequest(model: string, stream: boolean): string {
  const turn =
    'Please compare the two drafts below and say which of them a new reader would follow. ';
  return JSON.stringify({
    model,
    messages: [
      { role: 'system', content: 'You are a careful editor.' },
      { role: 'user', content: turn.repeat(22) },
    ],
    temperature: 0.2,
    max_tokens: 256,
    stream,
  });
}

function completion(content: string): string {
  return JSON.stringify({
    id: 'chatcmpl-bench000000000000000000000',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: MODEL,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 480,
      completion_tokens: 120,
      total_tokens: 600,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
    service_tier: 'default',
    system_fingerprint: 'fp_bench',
  });
}

/** A chat completion of exactly 1,024 bytes. */
export const COMPLETION: string = completion('x'.repeat(1024 - completion('').length));

/** One event of a chat stream. */
export function eventText(more: object): string {
  const body = JSON.stringify({
    id: 'chatcmpl-bench000000000000000000000',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: MODEL,
    service_tier: 'default',
    system_fingerprint: 'fp_bench',
    ...more,
  });
  return `data: ${body}\n\n`;
}

export const DONE_TEXT = 'data: [DONE]\n\n';

/** The choices of one event. */
export function delta(content: object, finish: string | null): object {
  return { choices: [{ index: 0, delta: content, logprobs: null, finish_reason: finish }] };
}
