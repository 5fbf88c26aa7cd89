import { existsSync } from 'node:fs';
import { ADMIN_BASE } from '@keywell/contract/admin/admin-route';
import type { RequestView } from '@keywell/contract/admin/admin-schemas';
import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import type { RequestRecord } from '@keywell/core/log/request-record';
import { tokenUsage } from '@keywell/core/log/token-usage';
import type { Secret } from '@keywell/core/secret/secret';
import { openRequestLog } from '@keywell/storage/log/open-request-log';
import { dataPaths, openDataFolder, readAdminToken } from '@keywell/storage/paths';
import type { ReadPage } from './read-traffic.ts';

/** The log of a data folder, open for reading. */
export interface Traffic {
  readonly readPage: ReadPage;
  close(): Promise<void>;
}

export type TrafficOpened =
  | { readonly ok: true; readonly traffic: Traffic }
  | { readonly ok: false; readonly message: string };

const DEADLINE_MS = 30_000;
/** Reading must not clear away what the gateway keeps by its own setting. */
const KEEP_EVERYTHING_DAYS = 36_500;

/**
 * Opens the log: its files, or through the admin API while a gateway runs on the folder, since one process owns the files. The API tells
 * no timelines in lists.
 */
export async function openTraffic(
  dataDir: string,
  adminUrl: string,
  onWarning: (message: string) => void,
): Promise<TrafficOpened> {
  if (!existsSync(dataPaths(dataDir).requestLog)) {
    const message = `There is no request log in ${dataDir}. Name the gateway's data folder with --data.`;
    return { ok: false, message };
  }
  const opened = openDataFolder(dataDir, Date.now());
  if (!opened.ok && opened.code !== 'in_use') return { ok: false, message: opened.message };
  if (!opened.ok) return overAdmin(dataDir, adminUrl);
  const { folder } = opened;
  const log = await openRequestLog({
    dir: folder.paths.requestLog,
    retentionDays: KEEP_EVERYTHING_DAYS,
    onWarning: ({ message }) => onWarning(message),
  });
  const close = async (): Promise<void> => {
    await log.close();
    folder.release();
  };
  return { ok: true, traffic: { readPage: (query) => log.list(query), close } };
}

function overAdmin(dataDir: string, adminUrl: string): TrafficOpened {
  if (!isSafe(adminUrl)) {
    const message = 'The admin token would travel unencrypted. Use https or a loopback address.';
    return { ok: false, message };
  }
  const token = readAdminToken(dataDir);
  if (token === null) {
    return { ok: false, message: `A gateway uses ${dataDir}, and its admin token is not there.` };
  }
  const readPage: ReadPage = async (query) => {
    const search = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const url = `${adminUrl}${ADMIN_BASE}${ADMIN_ROUTES.listLogs.path}?${search.toString()}`;
    return (await ask(url, token)).map(toRecord);
  };
  return { ok: true, traffic: { readPage, close: async () => undefined } };
}

function isSafe(adminUrl: string): boolean {
  const url = URL.canParse(adminUrl) ? new URL(adminUrl) : null;
  if (url?.protocol === 'https:') return true;
  return url?.protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}

async function ask(url: string, token: Secret) {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(DEADLINE_MS),
    headers: { authorization: `Bearer ${token.reveal()}` },
  });
  const value: unknown = await response.json();
  const page = ADMIN_ROUTES.listLogs.response.safeParse(value);
  if (response.ok && page.success) return page.data.data;
  throw new Error(`The gateway's admin API answered ${response.status}.`);
}

function toRecord(view: RequestView): RequestRecord {
  const { usage } = view;
  return {
    id: view.id,
    startedAt: view.started_at,
    durationMs: view.duration_ms,
    firstByteMs: view.first_byte_ms,
    method: view.method,
    path: view.path,
    operation: view.operation,
    dialect: view.dialect,
    status: view.status,
    errorCode: view.error_code,
    aborted: view.aborted,
    streamed: view.streamed,
    consumer: view.consumer,
    model: view.model,
    pool: view.pool,
    provider: view.provider,
    upstreamModel: view.upstream_model,
    key: view.key,
    attempts: view.attempts,
    waitMs: view.wait_ms,
    requestBytes: view.request_bytes,
    responseBytes: view.response_bytes,
    usage:
      usage === null
        ? null
        : tokenUsage({
            inputTokens: usage.input_tokens,
            outputTokens: usage.output_tokens,
            cachedTokens: usage.cached_tokens,
            cacheWriteTokens: usage.cache_write_tokens,
            cacheWriteHourTokens: usage.cache_write_hour_tokens,
            reasoningTokens: usage.reasoning_tokens,
            audioInputTokens: usage.audio_input_tokens,
            audioOutputTokens: usage.audio_output_tokens,
            imageInputTokens: usage.image_input_tokens,
            imageOutputTokens: usage.image_output_tokens,
            estimated: usage.estimated,
          }),
    costMicros: view.cost_micros,
    costEstimated: view.cost_estimated,
    timeline: [],
  };
}
