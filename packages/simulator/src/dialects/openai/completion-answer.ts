/** The older text completions: `text_completion`, whole and streamed. */
import type { Framed } from '../serve-call.ts';
import { cutToTokens, echo, fixedWording, Wording } from '../words.ts';
import { newId } from './chat-answer.ts';
import type { Reply } from './chat-answer.ts';
import type { OpenaiRequest } from './request.ts';
import type { ModelProfile } from '../../profile/profile-schema.ts';
import type { Random } from '../../random.ts';

export function completionReply(
  request: OpenaiRequest,
  model: ModelProfile,
  random: Random,
  created: number,
): Reply {
  const full = fixedWording(model) ?? new Wording(echo(model.id, request.prompt));
  const [wording, cut] = cutToTokens(full, request.maxTokens);
  const outputTokens = wording.tokens * request.n * request.inputs.length;
  const id = newId('cmpl-', random);
  const end = cut ? 'length' : 'done';
  const said = { wording, thoughts: null, calls: [], end, outputTokens, thoughtTokens: 0 } as const;
  return { id, created, model: model.id, ...said };
}

const usageOf = (request: OpenaiRequest, reply: Reply): string =>
  `{"prompt_tokens":${request.inputTokens},"completion_tokens":${reply.outputTokens},"total_tokens":${request.inputTokens + reply.outputTokens}}`;

const choice = (index: number, json: string, end: string): string =>
  `{"text":${json},"index":${index},"logprobs":null,"finish_reason":${end}}`;

export function frameCompletion(request: OpenaiRequest, reply: Reply): Framed {
  const head = `{"id":"${reply.id}","object":"text_completion","created":${reply.created},"model":${JSON.stringify(reply.model)},"choices":`;
  const finish = reply.end === 'length' ? '"length"' : '"stop"';
  const count = request.n * request.inputs.length;
  const usage = usageOf(request, reply);
  return {
    body: () => {
      const choices = Array.from({ length: count }, (_, at) =>
        choice(at, reply.wording.json, finish),
      );
      return `${head}[${choices.join(',')}],"usage":${usage}}`;
    },
    events: () => {
      const events: string[] = [];
      const none = request.includeUsage ? ',"usage":null' : '';
      const add = (choices: string, told: string): void => {
        events.push(`data: ${head}[${choices}]${told}}\n\n`);
      };
      for (let index = 0; index < count; index++) {
        for (const piece of reply.wording.pieces) add(choice(index, piece, 'null'), none);
        add(choice(index, '""', finish), none);
      }
      if (request.includeUsage) add('', `,"usage":${usage}`);
      events.push('data: [DONE]\n\n');
      return events;
    },
    filler: (text) => `data: ${head}[${choice(0, JSON.stringify(text), 'null')}]}\n\n`,
  };
}
