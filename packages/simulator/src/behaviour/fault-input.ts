/** A fault as a profile or the control endpoint gives it (snake_case outside, camelCase inside), checked against the table. */
import { z } from 'zod';
import { camelize } from '../profile/camelize.ts';
import type { Camelized } from '../profile/camelize.ts';
import { LIMIT_DIMENSIONS } from '../limiter/model-limiter.ts';
import { FAULT_NAMES, FAULTS } from './faults.ts';
import type { FaultParameter } from './faults.ts';
import { NONSENSE } from './nonsense.ts';

const duration = z
  .number()
  .min(0)
  .max(86_400_000 * 31);
const WEEK = 86_400_000 * 7;
const name = z.string().min(1).max(200);

const HEADER_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[\t\x20-\x7e]*$/;

/** Where: all that are given must fit. When: each is optional. What: only the parameters its row in FAULTS lists. */
export const faultSchema = z
  .strictObject({
    id: name.optional(),
    fault: z.enum(FAULT_NAMES),
    key: name.optional(),
    organization: name.optional(),
    project: name.optional(),
    model: name.optional(),
    probability: z.number().min(0).max(1).optional(),
    count: z.int().min(1).optional(),
    after_calls: z.int().min(0).optional(),
    delay_ms: duration.optional(),
    start_after_ms: duration.optional(),
    duration_ms: duration.optional(),
    code: z
      .string()
      .regex(/^[a-z0-9_.-]{1,100}$/)
      .optional(),
    dimension: z.enum(LIMIT_DIMENSIONS).optional(),
    retry_after_ms: duration.optional(),
    message: z.string().max(10_000).optional(),
    events: z.int().min(0).max(1_000_000).optional(),
    interval_ms: duration.optional(),
    wait_ms: duration.optional(),
    bytes: z.int().min(1).max(2_147_483_648).optional(),
    location: z
      .string()
      .regex(/^[\x21-\x7e]{1,2000}$/)
      .optional(),
    headers: z.array(z.string().regex(HEADER_LINE, 'expected "name: value"')).max(100).optional(),
    status: z.int().min(400).max(599).optional(),
    factor: z.number().min(0).max(1000).optional(),
    skew_ms: z.number().min(-WEEK).max(WEEK).optional(),
    nonsense: z.enum(NONSENSE).optional(),
    until: z.iso.date().optional(),
  })
  .superRefine((input, context) => {
    const row = FAULTS[input.fault];
    const allowed = new Set<string>(row.parameters);
    for (const parameter of PARAMETERS) {
      if (input[parameter] !== undefined && !allowed.has(parameter)) {
        const takes = row.parameters.length > 0 ? row.parameters.join(', ') : 'none';
        context.addIssue({
          code: 'custom',
          path: [parameter],
          message: `${input.fault} does not take ${parameter}; its parameters: ${takes}`,
        });
      }
    }
    if (row.phase === 'connect' && input.model !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['model'],
        message: `${input.fault} acts before the body is read, so it cannot depend on the model`,
      });
    }
  });

const PARAMETERS: readonly FaultParameter[] = [
  'code',
  'dimension',
  'retry_after_ms',
  'message',
  'events',
  'interval_ms',
  'wait_ms',
  'bytes',
  'location',
  'headers',
  'status',
  'factor',
  'skew_ms',
  'nonsense',
  'until',
];

/** A fault to set, as code gives it. */
export type FaultInput = Camelized<z.infer<typeof faultSchema>>;

/** Checks JSON from outside. */
export function readFault(
  json: unknown,
): { ok: true; fault: FaultInput } | { ok: false; problems: string[] } {
  const result = faultSchema.safeParse(json);
  if (result.success) return { ok: true, fault: camelize(result.data) };
  const problems = result.error.issues.map((issue) =>
    issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message,
  );
  return { ok: false, problems };
}
