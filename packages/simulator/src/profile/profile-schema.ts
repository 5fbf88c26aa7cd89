/** The profile file's schema (snake_case) and what only a whole profile can tell: ids that meet, names that exist. */
import { z } from 'zod';
import { faultSchema } from '../behaviour/fault-input.ts';
import { FACE_NAMES } from '../faces/face.ts';
import { isTimeZone } from '../limiter/calendar.ts';
import type { Camelized } from './camelize.ts';

const id = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'expected 1 to 200 printable ASCII characters without spaces');
const wait = z.number().min(0).max(3_600_000);
const amount = z.int().min(0);

const perWindow = z.int().min(1).optional();

const limitFields = {
  requests_per_second: perWindow,
  requests_per_minute: perWindow,
  tokens_per_minute: perWindow,
  input_tokens_per_minute: perWindow,
  output_tokens_per_minute: perWindow,
  requests_per_hour: perWindow,
  requests_per_day: perWindow,
  tokens_per_day: perWindow,
  input_tokens_per_day: perWindow,
  requests_per_month: perWindow,
  tokens_per_month: perWindow,
  concurrent: perWindow,
  minute_refill: z.enum(['continuous', 'fixed', 'sliding']).optional(),
  day_refill: z.enum(['continuous', 'calendar', 'sliding']).optional(),
  time_zone: z
    .string()
    .refine(isTimeZone, 'expected the name of a time zone, such as UTC or America/Los_Angeles')
    .optional(),
  charge: z.enum(['upfront', 'input_only', 'as_produced', 'at_end']).optional(),
};

const modelLimits = z.array(z.strictObject({ model: id, ...limitFields }));

const keySchema = z.strictObject({
  alias: id,
  value: z
    .string()
    .regex(/^[\x21-\x7e]{8,500}$/, 'expected 8 to 500 printable ASCII characters without spaces'),
});

const projectSchema = z.strictObject({
  id,
  keys: z.array(keySchema).min(1),
  models: z.array(id).optional(),
  limits: modelLimits.optional(),
});

const organizationSchema = z.strictObject({
  id,
  balance_micros: z.int().optional(),
  limits: modelLimits.optional(),
  projects: z.array(projectSchema).min(1),
});

const modelSchema = z.strictObject({
  id,
  kind: z
    .enum(['chat', 'completions', 'embeddings', 'images', 'audio', 'moderations', 'rerank'])
    .optional(),
  limits: z.strictObject(limitFields).optional(),
  charge_tokens: z.int().min(0).optional(),
  context_tokens: z.int().min(1).optional(),
  dimensions: z.int().min(1).max(16_384).optional(),
  answer_text: z.string().min(1).max(1_000_000).optional(),
  answer_words: z.int().min(1).max(100_000).optional(),
  first_byte_ms: wait.optional(),
  event_interval_ms: wait.optional(),
  price: z
    .strictObject({
      call_micros: amount.optional(),
      input_micros_per_million_tokens: amount.optional(),
      output_micros_per_million_tokens: amount.optional(),
    })
    .optional(),
});

export const profileSchema = z.strictObject({
  version: z.literal(1).optional(),
  face: z.enum(FACE_NAMES).optional(),
  calls_kept: z.int().min(0).max(1_000_000).optional(),
  organizations: z.array(organizationSchema).min(1),
  models: z.array(modelSchema).min(1),
  faults: z.array(faultSchema).max(1000).optional(),
});

/** What the simulated provider is: organizations with projects and keys, models with limits and prices, faults from the start. */
export type SimulatorProfile = Camelized<z.infer<typeof profileSchema>>;
export type OrganizationProfile = SimulatorProfile['organizations'][number];
export type ProjectProfile = OrganizationProfile['projects'][number];
export type ModelProfile = SimulatorProfile['models'][number];

export interface ProfileConflict {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong with a profile although every field of it is well formed. */
export function profileConflicts(profile: SimulatorProfile): ProfileConflict[] {
  const conflicts: ProfileConflict[] = [];
  const unique = (what: string): ((value: string, path: (string | number)[]) => void) => {
    const seen = new Set<string>();
    return (value, path) => {
      if (seen.has(value)) conflicts.push({ path, message: `this ${what} is there twice` });
      seen.add(value);
    };
  };
  const organizationIds = unique('organization id');
  const projectIds = unique('project id');
  const aliases = unique('key alias');
  const values = unique('key value');
  const modelIds = unique('model id');
  const known = new Set(profile.models.map((model) => model.id));
  const mustExist = (model: string, path: (string | number)[]): void => {
    if (!known.has(model)) {
      const names = [...known].join(', ');
      conflicts.push({ path, message: `there is no model "${model}"; expected one of: ${names}` });
    }
  };
  profile.models.forEach((model, at) => {
    modelIds(model.id, ['models', at, 'id']);
    if (model.answerText !== undefined && model.answerWords !== undefined) {
      const message = 'a model has answer_text or answer_words, not both';
      conflicts.push({ path: ['models', at, 'answer_words'], message });
    }
  });
  profile.organizations.forEach((organization, at) => {
    const base = ['organizations', at];
    organizationIds(organization.id, [...base, 'id']);
    organization.limits?.forEach((limit, index) =>
      mustExist(limit.model, [...base, 'limits', index, 'model']),
    );
    organization.projects.forEach((project, index) => {
      const path = [...base, 'projects', index];
      projectIds(project.id, [...path, 'id']);
      project.limits?.forEach((limit, n) =>
        mustExist(limit.model, [...path, 'limits', n, 'model']),
      );
      project.models?.forEach((model, n) => mustExist(model, [...path, 'models', n]));
      project.keys.forEach((key, n) => {
        aliases(key.alias, [...path, 'keys', n, 'alias']);
        values(key.value, [...path, 'keys', n, 'value']);
      });
    });
  });
  profile.faults?.forEach((fault, at) => {
    for (const problem of faultTargetProblems(profile, fault)) {
      conflicts.push({ path: ['faults', at, problem.field], message: problem.message });
    }
  });
  return conflicts;
}

/** A fault that names a key, organization, project or model which the profile does not have would never act: refused. */
export function faultTargetProblems(
  profile: SimulatorProfile,
  target: {
    readonly key?: string | undefined;
    readonly organization?: string | undefined;
    readonly project?: string | undefined;
    readonly model?: string | undefined;
  },
): { field: 'key' | 'organization' | 'project' | 'model'; message: string }[] {
  const projects = profile.organizations.flatMap((organization) => organization.projects);
  const known = {
    key: projects.flatMap((project) => project.keys.map((key) => key.alias)),
    organization: profile.organizations.map((organization) => organization.id),
    project: projects.map((project) => project.id),
    model: profile.models.map((model) => model.id),
  };
  const problems: ReturnType<typeof faultTargetProblems> = [];
  for (const field of ['key', 'organization', 'project', 'model'] as const) {
    const value = target[field];
    if (value !== undefined && !known[field].includes(value)) {
      const names = known[field].slice(0, 20).join(', ');
      problems.push({
        field,
        message: `there is no ${field} "${value}"; expected one of: ${names}`,
      });
    }
  }
  return problems;
}
