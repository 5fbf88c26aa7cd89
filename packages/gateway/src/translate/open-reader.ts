import type { Candidate } from '@keywell/core/keys/plan';
import { customCallsIn, customToolsOf } from '@keywell/wire/canonical/custom-calls';
import type { Dialect } from '@keywell/wire/canonical/dialect';
import { jsonArrayFraming } from '@keywell/wire/gemini/json-array-framing';
import { StreamObserver } from '@keywell/wire/openai-chat/stream-observer';
import type { Exchange } from '../pipeline/exchange.ts';
import { skipsComments } from '../relay/comments.ts';
import { mayBeRaw, RawReader } from '../relay/raw-reader.ts';
import type { StreamReader } from '../relay/stream-reader.ts';
import type { TargetFace } from '../relay/upstream-target.ts';
import { AwsFrames } from './aws-frames.ts';
import { CodecStream } from './codec-stream.ts';
import { codecOf } from './codec-of.ts';
import { SseFrames } from './frames.ts';
import { translationOf } from './translation-of.ts';

/** What reads a provider's stream: OpenAI's chat goes on unread to a caller who speaks it, everything else by its codec. */
export function openReader(
  exchange: Exchange,
  of: {
    readonly candidate: Pick<Candidate, 'model'>;
    readonly face: TargetFace | null;
    readonly hideUsage: boolean;
  },
): StreamReader {
  const { candidate, face, hideUsage } = of;
  const { conversation } = exchange;
  if (mayBeRaw(exchange.operation)) return new RawReader();
  if (face === null || conversation === null || isOwnChat(face.dialect, conversation)) {
    return new StreamObserver({
      hideUsage,
      allocate: (bytes) => Buffer.allocUnsafe(bytes),
      operation: exchange.operation === 'completions' ? 'completions' : 'chat.completions',
    });
  }
  const frames = face.dialect === 'bedrock-converse' ? new AwsFrames() : new SseFrames();
  const decoder = codecOf(face.dialect).streamDecoder(exchange.id);
  const { asArray } = exchange;
  if (face.dialect === conversation) {
    return new CodecStream({ frames, decoder, encoder: null, asArray, comments: false });
  }
  const stamp = translationOf(exchange).stamp(candidate.model);
  const plain = codecOf(conversation).streamEncoder(stamp);
  const custom = customToolsOf(stamp.request);
  const encoder = custom === null ? plain : customCallsIn(plain, custom);
  const framed = asArray ? jsonArrayFraming(encoder) : encoder;
  const comments = skipsComments(conversation);
  return new CodecStream({ frames, decoder, encoder: framed, asArray: false, comments });
}

const isOwnChat = (theirs: Dialect, callers: Dialect): boolean =>
  theirs === 'openai-chat' && callers === 'openai-chat';
