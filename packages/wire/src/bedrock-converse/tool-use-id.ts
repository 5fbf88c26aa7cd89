/** Ids of tool calls have letters of their own here. */
import { crc32 } from '@keywell/core/access/crc32';

/** `toolUseId` and names of tools: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html */
const TAKEN = /^[a-zA-Z0-9_-]{1,64}$/;
const KEPT = 55;

/** An id in the letters that are taken, the same for the same id, in a call and in its result; different ones stay different. */
export function toolUseId(id: string): string {
  if (TAKEN.test(id)) return id;
  const mark = crc32(encodeURIComponent(id.toWellFormed())).toString(16).padStart(8, '0');
  return `${id.slice(0, KEPT).replace(/[^a-zA-Z0-9_-]/g, '_')}-${mark}`;
}
