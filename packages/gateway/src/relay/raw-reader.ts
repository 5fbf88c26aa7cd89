import type { HeaderOf } from '../seam/outbound.ts';
import { saysEvents } from './content-type.ts';
import type { StreamReader } from './stream-reader.ts';

const NOTHING: readonly Uint8Array[] = Object.freeze([]);

/** An answer that is no JSON and no conversation (sound, subtitles, pictures as they come): handed on as it is. */
export class RawReader implements StreamReader {
  phase: 'holding' | 'flowing' | 'done' = 'holding';
  readonly failure = null;
  readonly failureKind = null;
  readonly usage = null;
  contentBytes = 0;

  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (chunk.byteLength === 0) return NOTHING;
    this.phase = 'flowing';
    this.contentBytes += chunk.byteLength;
    return [chunk];
  }

  /** HTTP itself says whether it is whole. */
  end(): { readonly ready: readonly Uint8Array[]; readonly clean: boolean } {
    this.phase = 'done';
    return { ready: NOTHING, clean: true };
  }
}

/** Operations whose answers need not be JSON. */
const RAW: ReadonlySet<string> = new Set([
  'audio.speech',
  'audio.transcriptions',
  'audio.translations',
  'images.generations',
  'images.edits',
  'files.content',
  'responses.get',
  'realtime',
  'passthrough',
]);

export const mayBeRaw = (operation: string): boolean => RAW.has(operation);

/** Whether such an answer comes as events: a file is what its owner made of it. */
export const isRawStream = (operation: string, header: HeaderOf): boolean =>
  mayBeRaw(operation) && operation !== 'files.content' && saysEvents(header);

/** Whether an answer of such an operation is handed on as it is: all that is no JSON, and whatever is in a file. */
export const isRawAnswer = (operation: string, json: boolean): boolean =>
  operation === 'files.content' || !json;
