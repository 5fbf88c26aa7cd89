/** What OpenAI's client asks for beside conversations. */
import { SILENT_WAV } from '@keywell/wire/canonical/sample-parts.contract';
import { startStory, type Story } from '@keywell/testkit/gateway-story';
import { toFile } from 'openai';
import { expect } from 'vitest';
import { PICTURE, PROMPT, type Place } from './client.contract.ts';
import { openAiAt } from './openai-clients.contract.ts';

export interface Endpoint {
  readonly name: string;
  /** Of the simulated model. */
  readonly model: {
    readonly id: string;
    readonly kind: 'embeddings' | 'images' | 'audio' | 'moderations';
  };
  readonly run: (place: Place) => Promise<void>;
}

const wav = () => toFile(Buffer.from(SILENT_WAV, 'base64'), 'a.wav', { type: 'audio/wav' });
const png = () =>
  toFile(Buffer.from(PICTURE.base64, 'base64'), 'a.png', { type: PICTURE.mediaType });

const EMBEDDINGS = { id: 'text-embedding-3-small', kind: 'embeddings' } as const;
const IMAGES = { id: 'gpt-image-1', kind: 'images' } as const;
const AUDIO = { id: 'gpt-4o-mini-audio', kind: 'audio' } as const;
const MODERATIONS = { id: 'omni-moderation-latest', kind: 'moderations' } as const;

export const ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'embeddings',
    model: EMBEDDINGS,
    async run(place) {
      const { model } = place;
      const { data } = await openAiAt(place).embeddings.create({ model, input: [PROMPT, 'b'] });
      expect(data.map(({ embedding }) => embedding.length > 1)).toEqual([true, true]);
    },
  },
  {
    name: 'images, generate',
    model: IMAGES,
    async run(place) {
      const { model } = place;
      const { data } = await openAiAt(place).images.generate({ model, prompt: PROMPT });
      expect(data?.[0]?.b64_json ?? data?.[0]?.url).toBeTypeOf('string');
    },
  },
  {
    name: 'images, edit',
    model: IMAGES,
    async run(place) {
      const { model } = place;
      const image = await png();
      const { data } = await openAiAt(place).images.edit({ model, prompt: PROMPT, image });
      expect(data?.[0]?.b64_json ?? data?.[0]?.url).toBeTypeOf('string');
    },
  },
  {
    name: 'audio, speech',
    model: AUDIO,
    async run(place) {
      const { model } = place;
      const asked = { model, input: PROMPT, voice: 'alloy', response_format: 'wav' } as const;
      const answer = await openAiAt(place).audio.speech.create(asked);
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(bytes.subarray(0, 4).toString('latin1')).toBe('RIFF');
    },
  },
  {
    name: 'audio, transcription',
    model: AUDIO,
    async run(place) {
      const { model } = place;
      const file = await wav();
      const { text } = await openAiAt(place).audio.transcriptions.create({ model, file });
      expect(text).not.toBe('');
    },
  },
  {
    name: 'audio, translation',
    model: AUDIO,
    async run(place) {
      const { model } = place;
      const file = await wav();
      const { text } = await openAiAt(place).audio.translations.create({ model, file });
      expect(text).not.toBe('');
    },
  },
  {
    name: 'moderations',
    model: MODERATIONS,
    async run(place) {
      const { model } = place;
      const { results } = await openAiAt(place).moderations.create({ model, input: PROMPT });
      expect(results[0]?.flagged).toBe(false);
    },
  },
];

export const startEndpoint = (kind: string, { model }: Endpoint): Promise<Story> =>
  startStory({ kind, model, pool: { tiers: [{ targets: [{ model: model.id }] }] } });

/** Kinds with endpoints beside conversations. */
export const ENDPOINT_KINDS = ['openai-compatible', 'openai'] as const;
