import type { ModelCapabilities } from '../snapshot/snapshot.ts';
import type { Unfit } from './unfit.ts';

/** What a request asks of a model, as far as models differ in it. */
export interface Demands {
  readonly vision: boolean;
  readonly audio: boolean;
  readonly files: boolean;
  readonly tools: boolean;
  /** Answers that keep to a JSON schema. */
  readonly json: boolean;
}

export const NO_DEMANDS: Demands = Object.freeze({
  vision: false,
  audio: false,
  files: false,
  tools: false,
  json: false,
});

/** Whether anything is known of a model that could speak against a request. */
export function isRestricted(model: ModelCapabilities): boolean {
  return (
    model.vision === false ||
    model.audioInput === false ||
    model.files === false ||
    model.tools === false ||
    model.json === false
  );
}

/** What a model cannot do that a request asks for; null where nothing is known to be missing. */
export function missingFor(demands: Demands, model: ModelCapabilities): Unfit | null {
  if (demands.vision && model.vision === false) return 'no_vision';
  if (demands.audio && model.audioInput === false) return 'no_audio';
  if (demands.files && model.files === false) return 'no_files';
  if (demands.tools && model.tools === false) return 'no_tools';
  return demands.json && model.json === false ? 'no_json' : null;
}

/** English has about four bytes to a token, long words and code more: whatever the text, fewer tokens than this are not likely. */
const MOST_BYTES_PER_TOKEN = 6;

/**
 * Whether a request is certainly longer than a model's context, by the bytes of its text alone. Close calls are the provider's to
 * judge, who counts tokens.
 */
export function exceedsContext(
  textBytes: number,
  { contextLength }: Pick<ModelCapabilities, 'contextLength'>,
): boolean {
  if (contextLength === null) return false;
  return textBytes / MOST_BYTES_PER_TOKEN > contextLength;
}
