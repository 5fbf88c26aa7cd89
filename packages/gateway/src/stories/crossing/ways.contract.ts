/** Every way in which a caller may ask for a conversation: each dialect, whole and streamed, and Gemini's array that grows. */
import type { CallerDialect } from '@keywell/wire/edit/conversation';
import { STORY_KEY, type Story } from '@keywell/testkit/gateway-story';
import { postJson, type Seen } from '@keywell/testkit/http-call';
import { CALLER_DIALECTS, TALKS, type Json, type Question } from './talk.contract.ts';

export interface Way {
  readonly name: string;
  readonly dialect: CallerDialect;
  readonly stream: boolean;
  readonly path: (model: string) => string;
}

export const WAYS: readonly Way[] = [
  ...CALLER_DIALECTS.flatMap((dialect) =>
    [false, true].map((stream) => ({
      name: stream ? `${dialect}, streamed` : dialect,
      dialect,
      stream,
      path: (model: string) => TALKS[dialect].path(model, stream),
    })),
  ),
  {
    name: 'gemini, as an array',
    dialect: 'gemini',
    stream: true,
    path: (model) => `/v1beta/models/${model}:streamGenerateContent`,
  },
];

/** What a caller sends, with its key and headers of its own. */
export interface Asked {
  readonly model: string;
  readonly question: Question;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function bodyFor({ dialect, stream }: Way, { model, question }: Asked): Json {
  const body = TALKS[dialect].ask(model, question);
  return stream && dialect !== 'gemini' ? { ...body, stream: true } : body;
}

/** Asks in that way. */
export function askBy(story: Pick<Story, 'port'>, way: Way, asked: Asked): Promise<Seen> {
  const { model, key = STORY_KEY, headers = {} } = asked;
  const url = `http://127.0.0.1:${story.port}`;
  return postJson({ url, key, headers, path: way.path(model) }, bodyFor(way, asked));
}
