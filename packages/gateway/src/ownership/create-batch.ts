import { compileFields } from '@keywell/wire/json/field-set';
import { STRING } from '@keywell/wire/json/kind';
import { readString } from '@keywell/wire/json/read-value';
import { scanObject } from '@keywell/wire/json/scan';
import { createSpans } from '@keywell/wire/json/spans';
import { spanOf } from '@keywell/wire/edit/request-members';
import { isObjectId } from '@keywell/core/ownership/owned-object';
import { readJsonBody } from '../phases/decode.ts';
import type { Exchange } from '../pipeline/exchange.ts';
import type { Plane } from '../pipeline/plane.ts';
import { refuse } from '../pipeline/refusal.ts';
import type { PhaseResult } from '../pipeline/route.ts';
import { hasPurpose, pinTo } from './object-phases.ts';
import { findOwned, notFound } from './pin-call.ts';

const FIELDS = compileFields(['input_file_id']);
const SPANS = createSpans(1);
const PARAM = 'input_file_id';

/**
 * Reads which file a batch works off: it runs where the file is. A consumer with a budget may not start one, because what it costs is not
 * known before it has run, and by then it is spent. May answer 400, 403, 404, 408, 413, 415, 503.
 */
export async function readBatch(exchange: Exchange, plane: Plane): Promise<PhaseResult> {
  const { consumer } = exchange;
  if (consumer === null || consumer.record.budget !== null) {
    return refuse(
      'permission_denied',
      'This consumer has a budget, and what a batch costs is known only after it has run.',
      { headers: ['x-should-retry', 'false'] },
    );
  }
  const body = await readJsonBody(exchange);
  if (!(body instanceof Uint8Array)) return body;
  const scan = scanObject(body, FIELDS, SPANS);
  if (!scan.ok) return refuse(scan.code, scan.message);
  if (scan.kind[0] !== STRING) {
    return refuse('missing_parameter', `The parameter "${PARAM}" is missing.`, { param: PARAM });
  }
  const { start, end } = spanOf(scan, 0);
  const id = readString(body, start, end);
  if (!isObjectId(id)) return notFound('file', PARAM);
  const found = await findOwned(exchange, plane, [{ kind: 'file', id }]);
  if (!Array.isArray(found)) return { ...found, param: PARAM };
  const [file] = found;
  if (file === undefined) return notFound('file', PARAM);
  // Only such a file was read line by line when it came.
  if (!hasPurpose(file, 'batch')) {
    return refuse('invalid_parameter', 'The file was not uploaded with the purpose "batch".', {
      param: PARAM,
    });
  }
  const pinned = pinTo(exchange, file, { home: file.home, offers: 'batches', speaks: null });
  if (pinned !== null) return pinned;
  exchange.asks = {
    kind: 'object',
    operation: 'batches',
    method: 'POST',
    suffix: '',
    query: '',
    repeatable: false,
    about: 'batch',
    object: null,
    ...(file.upstreamModel === undefined ? {} : { upstreamModel: file.upstreamModel }),
    effect: 'seen',
    bodyFor: () => body,
  };
  return null;
}
