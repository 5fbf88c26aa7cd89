import type { HeaderOf } from '../seam/outbound.ts';
import type { TargetFace } from './upstream-target.ts';

const AWS_STREAM = 'application/vnd.amazon.eventstream';

/** Whether a response is a stream of the kind that a face's dialect has. */
export function isEventStream(header: HeaderOf, face: TargetFace | null): boolean {
  const type = face?.dialect === 'bedrock-converse' ? AWS_STREAM : 'text/event-stream';
  return contentTypeIs(header, type);
}

/** Whether a response is a stream of events of any kind. */
export function saysEvents(header: HeaderOf): boolean {
  return contentTypeIs(header, 'text/event-stream') || contentTypeIs(header, AWS_STREAM);
}

export function isJson(header: HeaderOf): boolean {
  return contentTypeIs(header, 'application/json');
}

function contentTypeIs(header: HeaderOf, type: string): boolean {
  const value = header('content-type') ?? '';
  return value.slice(0, type.length).toLowerCase() === type;
}
