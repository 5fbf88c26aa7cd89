/** Events of a streamed response as text: each with its name, its type again and the next sequence number. */
export class EventWriter {
  #sequence = 0;

  /** `members` is JSON text of all members but type and sequence number, without braces. */
  event(type: string, members: string): string {
    return `event: ${type}\ndata: {"type":"${type}","sequence_number":${this.#sequence++},${members}}\n\n`;
  }

  /** The same for an event that comes often: its beginning and end are put together once. */
  delta({ start, middle, end }: DeltaTemplate, text: string): string {
    return start + this.#sequence++ + middle + JSON.stringify(text) + end;
  }
}

export interface DeltaTemplate {
  readonly start: string;
  readonly middle: string;
  readonly end: string;
}

/** `place` is JSON text of the members that say where the text belongs. */
export function deltaTemplate(type: string, place: string, end = ''): DeltaTemplate {
  return {
    start: `event: ${type}\ndata: {"type":"${type}","sequence_number":`,
    middle: `,${place},"delta":`,
    end: `${end}}\n\n`,
  };
}
