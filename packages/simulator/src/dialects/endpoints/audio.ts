/** Audio: spoken, transcribed, translated. openai-node `Transcription`, `TranscriptionVerbose`, `SpeechCreateParams`. */
import type { Refusal } from '../../faces/refusal.ts';
import { mediaTypeOf } from '../conversation/media.ts';
import { estimateTokens } from '../estimate-tokens.ts';
import type { JsonObject } from '../json-body.ts';
import type { OwnRoute } from '../openai/own-route.ts';
import { badRequest } from '../openai/request-errors.ts';
import { missing, shown } from '../openai/value-checks.ts';
import type { Framed } from '../serve-call.ts';
import { Wording } from '../words.ts';
import { formRoute, jsonRoute, textField } from './endpoint.ts';
import type { EndpointCall } from './endpoint.ts';
import type { Form } from './multipart.ts';

const TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
};
const BEGINNINGS: Readonly<Record<string, Buffer>> = {
  mp3: Buffer.from('ID3'),
  opus: Buffer.from('OggS'),
  flac: Buffer.from('fLaC'),
  aac: Buffer.from([0xff, 0xf1]),
};
const BYTES_PER_LETTER = 96;
const SAMPLES_PER_SECOND = 8000;

/** Silence of a WAV file: one byte a sample. */
function wav(samples: number): Buffer {
  const bytes = Buffer.alloc(44 + samples, 0x80);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + samples, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(SAMPLES_PER_SECOND, 24);
  bytes.writeUInt32LE(SAMPLES_PER_SECOND, 28);
  bytes.writeUInt16LE(1, 32);
  bytes.writeUInt16LE(8, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(samples, 40);
  return bytes;
}

/** As long as the text is: real WAV, of the other formats their first bytes and zeros. */
function sound(format: string, letters: number): Buffer {
  if (format === 'wav') return wav(letters * BYTES_PER_LETTER);
  const rest = Buffer.alloc(letters * BYTES_PER_LETTER);
  return Buffer.concat([BEGINNINGS[format] ?? Buffer.alloc(0), rest]);
}

const MOST_LETTERS = 4096;

function speak(body: JsonObject): EndpointCall | Refusal {
  const input = textField(body, 'input');
  const format = textField(body, 'response_format') ?? 'mp3';
  if (input === null || input === '') return missing('input');
  if (body['voice'] === undefined) return missing('voice');
  if (input.length > MOST_LETTERS) {
    const message = `Invalid 'input': string too long. Expected a string with maximum length ${MOST_LETTERS}, but got a string with length ${input.length} instead.`;
    return badRequest(message, 'input', 'string_above_max_length');
  }
  const type = Object.hasOwn(TYPES, format) ? TYPES[format] : undefined;
  if (type === undefined) {
    const known = Object.keys(TYPES).map((name) => `'${name}'`);
    const message = `Invalid value: '${shown(format)}'. Supported values are: ${known.join(', ')}.`;
    return badRequest(message, 'response_format', 'invalid_value');
  }
  return {
    model: textField(body, 'model'),
    prompt: input,
    inputTokens: estimateTokens(Buffer.byteLength(input)),
    outputTokens: input.length,
    answer: () => ({ type, body: () => sound(format, input.length) }),
  };
}

/** What a clip is said to say: its name, what its bytes are, how many. */
interface Heard {
  readonly text: string;
  readonly seconds: number;
  readonly language: string;
  readonly task: string;
}

const stamp = (seconds: number, point: string): string =>
  new Date(seconds * 1000).toISOString().slice(11, 23).replace('.', point);

/** The formats but `json`, which depends on the model. */
const FORMATS: Readonly<Record<string, (heard: Heard) => readonly [type: string, body: string]>> = {
  text: ({ text }) => ['text/plain; charset=utf-8', `${text}\n`],
  srt: ({ text, seconds }) => [
    'text/plain; charset=utf-8',
    `1\n00:00:00,000 --> ${stamp(seconds, ',')}\n${text}\n\n`,
  ],
  vtt: ({ text, seconds }) => [
    'text/plain; charset=utf-8',
    `WEBVTT\n\n00:00:00.000 --> ${stamp(seconds, '.')}\n${text}\n\n`,
  ],
  verbose_json: ({ text, seconds, language, task }) => [
    'application/json',
    JSON.stringify({
      task,
      language,
      duration: seconds,
      text,
      segments: [
        {
          id: 0,
          seek: 0,
          start: 0,
          end: seconds,
          text,
          tokens: [1],
          temperature: 0,
          avg_logprob: -0.1,
          compression_ratio: 1,
          no_speech_prob: 0,
        },
      ],
      usage: { type: 'duration', seconds: Math.ceil(seconds) },
    }),
  ],
};

const event = (fields: object): string => `data: ${JSON.stringify(fields)}\n\n`;

const transcriptDelta = (delta: string): string => event({ type: 'transcript.text.delta', delta });

/** `transcript.text.delta` piece by piece, then `transcript.text.done`. */
function transcriptEvents(text: string, usage: object): Framed {
  return {
    body: () => JSON.stringify({ text, usage }),
    filler: transcriptDelta,
    events: () => [
      ...new Wording(text).pieces.map((piece) => transcriptDelta(String(JSON.parse(piece)))),
      event({ type: 'transcript.text.done', text, usage }),
      'data: [DONE]\n\n',
    ],
  };
}

const TOKENS_PER_SECOND = 10;

function listen(form: Form, task: string): EndpointCall | Refusal {
  const [file] = form.files('file');
  const format = form.text('response_format') ?? 'json';
  const model = form.text('model');
  if (file === undefined) return missing('file');
  if (model === null) return badRequest('you must provide a model parameter');
  if (format !== 'json' && !Object.hasOwn(FORMATS, format)) {
    const known = ['json', ...Object.keys(FORMATS)].map((name) => `'${name}'`).join(', ');
    const message = `Invalid value: '${shown(format)}'. Supported values are: ${known}.`;
    return badRequest(message, 'response_format', 'invalid_value');
  }
  const { bytes, filename } = file;
  if (bytes.byteLength === 0) {
    return badRequest(
      'Audio file is too short. Minimum audio length is 0.1 seconds.',
      'file',
      'audio_too_short',
    );
  }
  const seconds = bytes.byteLength / SAMPLES_PER_SECOND;
  const text = `Simulated transcript of ${filename ?? 'audio'}: ${mediaTypeOf(bytes)}, ${bytes.byteLength} bytes`;
  const language = task === 'translate' ? 'english' : (form.text('language') ?? 'english');
  const audioTokens = Math.ceil(seconds * TOKENS_PER_SECOND);
  const output = estimateTokens(text.length);
  const usage = {
    type: 'tokens',
    input_tokens: audioTokens,
    input_token_details: { text_tokens: 0, audio_tokens: audioTokens },
    output_tokens: output,
    total_tokens: audioTokens + output,
  };
  const written = FORMATS[format]?.({ text, seconds, language, task });
  return {
    model,
    stream: form.text('stream') === 'true',
    prompt: form.text('prompt') ?? '',
    inputTokens: audioTokens,
    outputTokens: output,
    answer: () =>
      written === undefined
        ? { body: () => JSON.stringify({ text, usage }), framed: transcriptEvents(text, usage) }
        : { type: written[0], body: () => written[1] },
  };
}

export const AUDIO_ROUTES: readonly OwnRoute[] = [
  jsonRoute(/^\/v1\/audio\/speech$/, 'audio.speech', 'audio', speak),
  formRoute(/^\/v1\/audio\/transcriptions$/, 'audio.transcription', 'audio', (form) =>
    listen(form, 'transcribe'),
  ),
  formRoute(/^\/v1\/audio\/translations$/, 'audio.translation', 'audio', (form) =>
    listen(form, 'translate'),
  ),
];
