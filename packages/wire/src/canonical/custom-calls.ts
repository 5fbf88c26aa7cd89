/**
 * Tools that take free text reach a dialect without such tools as functions of one string. A caller who declared one must not hear of that:
 * what comes back for it is a call with free text again.
 */
import type { StreamEncoder } from './codec.ts';
import type { Part } from './content.ts';
import type { CanonicalRequest } from './request.ts';
import type { CanonicalResponse } from './response.ts';
import type { StreamEvent } from './stream-event.ts';
import { freeTextIn } from './tool-input.ts';

/** Names of a request's tools that take free text; null where there are none, as nearly always. */
export function customToolsOf({
  tools,
}: Pick<CanonicalRequest, 'tools'>): ReadonlySet<string> | null {
  let names: Set<string> | null = null;
  for (const { kind, name } of tools) if (kind === 'custom') (names ??= new Set()).add(name);
  return names;
}

export function withCustomCalls(
  response: CanonicalResponse,
  names: ReadonlySet<string>,
): CanonicalResponse {
  const asCustom = (part: Part): Part =>
    part.kind === 'tool_call' && !part.custom && names.has(part.name)
      ? { ...part, custom: true, arguments: freeTextIn(part.arguments) }
      : part;
  const choices = response.choices.map((choice) => ({
    ...choice,
    parts: choice.parts.map(asCustom),
  }));
  return { ...response, choices };
}

/** An encoder that is told of such calls as calls with free text. Their arguments are held until they are whole: only then is it known what is in them. */
export function customCallsIn(encoder: StreamEncoder, names: ReadonlySet<string>): StreamEncoder {
  return new CustomCallEncoder(encoder, names);
}

class CustomCallEncoder implements StreamEncoder {
  readonly #encoder: StreamEncoder;
  readonly #names: ReadonlySet<string>;
  /** Arguments so far, by choice and part. */
  readonly #held = new Map<string, string[]>();

  constructor(encoder: StreamEncoder, names: ReadonlySet<string>) {
    this.#encoder = encoder;
    this.#names = names;
  }

  get dropped(): readonly string[] {
    return this.#encoder.dropped;
  }

  encode(event: StreamEvent): string {
    if (event.kind === 'open') return this.#open(event);
    if (this.#held.size === 0 || (event.kind !== 'text' && event.kind !== 'close')) {
      return this.#encoder.encode(event);
    }
    const { choice, part } = event;
    const place = `${choice} ${part}`;
    const pieces = this.#held.get(place);
    if (pieces === undefined) return this.#encoder.encode(event);
    if (event.kind === 'text') {
      pieces.push(event.text);
      return '';
    }
    this.#held.delete(place);
    const text = freeTextIn(pieces.join(''));
    return this.#encoder.encode({ kind: 'text', choice, part, text }) + this.#encoder.encode(event);
  }

  #open(event: Extract<StreamEvent, { kind: 'open' }>): string {
    const { choice, part, of } = event;
    if (of.kind !== 'tool_call' || of.custom || !this.#names.has(of.name)) {
      return this.#encoder.encode(event);
    }
    this.#held.set(`${choice} ${part}`, []);
    return this.#encoder.encode({ ...event, of: { ...of, custom: true } });
  }
}
