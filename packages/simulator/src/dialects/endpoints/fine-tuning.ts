/** Fine-tuning jobs, each its organization's alone, which never finish by themselves. openai-node `FineTuningJob`, version 6. */
import type { Refusal } from '../../faces/refusal.ts';
import type { KeptJob } from '../../stored/kept.ts';
import { refuse, refusedCredential, sendJson } from '../exchange.ts';
import { parseJson } from '../json-body.ts';
import type { OwnRoute, RoutedCall } from '../openai/own-route.ts';
import { badRequest, malformedJson } from '../openai/request-errors.ts';
import { missing, shown } from '../openai/value-checks.ts';
import { textField } from './endpoint.ts';
import { listOf } from './files.ts';

const jobJson = ({ id, fields, status }: KeptJob): object => ({
  object: 'fine_tuning.job',
  id,
  ...fields,
  status,
});

const noJob = (id: string): Refusal => ({
  ...badRequest(`Could not find fine tune: ${shown(id)}`, 'fine_tune_id', 'fine_tune_not_found'),
  status: 404,
});

function readJob({ exchange, owner, bytes }: RoutedCall): KeptJob | Refusal {
  const body = parseJson(bytes);
  if (body === null) return malformedJson();
  const model = textField(body, 'model');
  const trainingFile = textField(body, 'training_file');
  if (model === null) return missing('model');
  if (trainingFile === null) return missing('training_file');
  const { state } = exchange;
  return {
    id: `ftjob-${state.random.hex(24)}`,
    status: 'queued',
    fields: {
      model,
      created_at: Math.floor(state.clock.wallNow() / 1000),
      error: null,
      fine_tuned_model: null,
      finished_at: null,
      hyperparameters: { n_epochs: 'auto' },
      organization_id: owner.organization,
      result_files: [],
      seed: 0,
      trained_tokens: null,
      training_file: trainingFile,
      validation_file: textField(body, 'validation_file'),
      metadata: body['metadata'] ?? null,
    },
  };
}

function create(call: RoutedCall): void {
  const { exchange, owner } = call;
  if (refusedCredential(exchange, owner, null)) return;
  const job = readJob(call);
  // a job has a status too
  if (!('fields' in job)) return refuse(exchange, owner, job, 'invalid_request');
  exchange.state.kept.jobs.put(owner.organization, job.id, job);
  sendJson(exchange, owner, jobJson(job));
}

function list(call: RoutedCall): void {
  const { exchange, owner } = call;
  if (refusedCredential(exchange, owner, null)) return;
  const jobs = exchange.state.kept.jobs.list(owner.organization);
  sendJson(exchange, owner, listOf(call, jobs, jobs.map(jobJson)));
}

function withJob(change: (job: KeptJob) => void): (call: RoutedCall) => void {
  return ({ exchange, owner, parts }) => {
    const [id = ''] = parts;
    if (refusedCredential(exchange, owner, null)) return;
    const job = exchange.state.kept.jobs.get(owner.organization, id);
    if (job === null) return refuse(exchange, owner, noJob(id), 'not_found');
    change(job);
    sendJson(exchange, owner, jobJson(job));
  };
}

function cancel(job: KeptJob): void {
  job.status = 'cancelled';
}

const ALL = /^\/v1\/fine_tuning\/jobs$/;
const ONE = /^\/v1\/fine_tuning\/jobs\/([^/]+)$/;
const CANCEL = /^\/v1\/fine_tuning\/jobs\/([^/]+)\/cancel$/;
const dialect = 'openai';
const asItIs = (): void => undefined;

export const FINE_TUNING_ROUTES: readonly OwnRoute[] = [
  { method: 'POST', path: ALL, operation: 'fine_tuning.create', dialect, handle: create },
  { method: 'GET', path: ALL, operation: 'fine_tuning.list', dialect, handle: list },
  { method: 'GET', path: ONE, operation: 'fine_tuning.read', dialect, handle: withJob(asItIs) },
  {
    method: 'POST',
    path: CANCEL,
    operation: 'fine_tuning.cancel',
    dialect,
    handle: withJob(cancel),
  },
];
