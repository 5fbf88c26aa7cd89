import { LOG_GAUGE } from '@keywell/core/log/log-gauge';
import { createLineEncoder } from '@keywell/core/log/record-line';
import type { RequestRecord } from '@keywell/core/log/request-record';
import { tokenUsage } from '@keywell/core/log/token-usage';
import { servedRecord } from '@keywell/core/log/served-record.contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LogConnection, type RequestLog, cursorOf } from './request-log.ts';

const DAY_MS = 86_400_000;
/** Yesterday, so that no retention touches it. */
const RECENT = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS;

/** A whole record; what is not given is a plain success. */
export function requestRecord(
  given: Partial<RequestRecord> & Pick<RequestRecord, 'id'>,
): RequestRecord {
  return servedRecord({
    startedAt: RECENT,
    usage: tokenUsage({ inputTokens: 10, outputTokens: 20 }),
    timeline: [
      { at: 0.1, kind: 'candidates', tier: 0, eligible: 2, excluded: [] },
      { at: 12, kind: 'end', status: 200, why: 'done' },
    ],
    ...given,
  });
}

/** Sends records as a gateway worker does. */
export function sendRecords(connection: LogConnection, records: readonly RequestRecord[]): void {
  const encode = createLineEncoder();
  sendLines(connection, records.map(encode));
}

function sendLines(connection: LogConnection, lines: readonly string[]): void {
  Atomics.add(new Int32Array(connection.gauge), LOG_GAUGE.queued, lines.length);
  connection.port.postMessage({ rows: lines.length, lines: `${lines.join('\n')}\n` });
}

const ids = (records: readonly RequestRecord[]): readonly string[] => records.map(({ id }) => id);

/** What every request log does. */
export function describeRequestLog(name: string, open: () => Promise<RequestLog>): void {
  describe(`request log: ${name}`, () => {
    let log: RequestLog;
    let connection: LogConnection;
    beforeEach(async () => {
      log = await open();
      connection = log.connect();
    });
    afterEach(async () => {
      connection.port.close();
      await log.close();
    });
    const send = (...records: readonly RequestRecord[]): void => {
      sendRecords(connection, records);
    };
    const find = async (query: object): Promise<readonly string[]> =>
      ids(await log.list({ limit: 10, ...query }));

    it('is empty at first', async () => {
      expect(await log.list({ limit: 10 })).toEqual([]);
      expect(await log.get('req_1')).toBeNull();
      expect(log.stats()).toEqual({ queued: 0, written: 0, shed: 0 });
      await log.flush();
    });

    it('gives a record back whole, whatever its texts hold', async () => {
      const record = requestRecord({
        id: 'req_1',
        path: '/v1/"},\n\u2028\u0000é漢😀,"timeline":[',
        model: `'; DROP TABLE request; --`,
        timeline: [{ at: 1, kind: 'wait', waitMs: 5, why: 'a\nb,"timeline":[1]}' }],
      });
      send(record);
      expect(await log.get('req_1')).toEqual(record);
      expect(await log.list({ limit: 1, model: `'; DROP TABLE request; --` })).toEqual([record]);
    });

    it('reads records that were written as plain JSON among the others', async () => {
      const [old, fresh] = [requestRecord({ id: 'old' }), requestRecord({ id: 'new' })];
      sendLines(connection, [JSON.stringify(old)]);
      send(fresh);
      sendLines(connection, [JSON.stringify({ ...old, id: 'other' })]);
      expect(await log.get('old')).toEqual(old);
      expect(await log.get('new')).toEqual(fresh);
      expect(ids(await log.list({ limit: 5 }))).toEqual(['other', 'old', 'new']);
    });

    it('sees what was sent before the call, newest first', async () => {
      send(requestRecord({ id: 'a', startedAt: RECENT + 1 }));
      send(requestRecord({ id: 'c', startedAt: RECENT + 2 }));
      send(requestRecord({ id: 'b', startedAt: RECENT + 2 }));
      expect(ids(await log.list({ limit: 10 }))).toEqual(['c', 'b', 'a']);
    });

    it('leads through everything page by page, each record once', async () => {
      const all = Array.from({ length: 25 }, (_, index) =>
        requestRecord({ id: `r${index}`, startedAt: RECENT + Math.floor(index / 3) + 0.5 }),
      );
      send(...all);
      const seen: string[] = [];
      let before: string | undefined;
      for (let page = 0; page < 10; page += 1) {
        const found = await log.list({ limit: 4, ...(before === undefined ? {} : { before }) });
        const last = found.at(-1);
        if (last === undefined) break;
        seen.push(...ids(found));
        before = cursorOf(last);
      }
      expect(seen.toSorted()).toEqual(ids(all).toSorted());
    });

    it('goes back over the months', async () => {
      const lastMonth = new Date(RECENT);
      lastMonth.setUTCDate(0);
      send(
        requestRecord({ id: 'old', startedAt: lastMonth.getTime() }),
        requestRecord({ id: 'new' }),
        requestRecord({ id: 'older', startedAt: lastMonth.getTime() - 1 }),
      );
      expect(ids(await log.list({ limit: 10 }))).toEqual(['new', 'old', 'older']);
      expect(ids(await log.list({ limit: 2 }))).toEqual(['new', 'old']);
      expect((await log.get('older'))?.id).toBe('older');
      expect(ids(await log.list({ limit: 9, until: RECENT }))).toEqual(['old', 'older']);
      expect(ids(await log.list({ limit: 9, since: RECENT }))).toEqual(['new']);
    });

    it('finds by consumer, model, provider, key, status and time', async () => {
      send(
        requestRecord({ id: 'plain' }),
        requestRecord({ id: 'consumer', consumer: 'cron', startedAt: RECENT - 1 }),
        requestRecord({ id: 'model', model: 'fast', startedAt: RECENT - 2 }),
        requestRecord({ id: 'provider', provider: 'groq', startedAt: RECENT - 3 }),
        requestRecord({ id: 'key', key: 'b', startedAt: RECENT - 4 }),
        requestRecord({ id: 'refused', status: 429, startedAt: RECENT - 5 }),
        requestRecord({ id: 'cut', errorCode: 'upstream_died', startedAt: RECENT - 6 }),
        requestRecord({ id: 'nobody', consumer: null, model: null, startedAt: RECENT - 7 }),
      );
      expect(await find({ consumer: 'cron' })).toEqual(['consumer']);
      expect(await find({ model: 'fast' })).toEqual(['model']);
      expect(await find({ provider: 'groq' })).toEqual(['provider']);
      expect(await find({ key: 'b' })).toEqual(['key']);
      expect(await find({ status: 429 })).toEqual(['refused']);
      expect(await find({ status: 'error' })).toEqual(['refused', 'cut']);
      expect(await find({ since: RECENT - 1 })).toEqual(['plain', 'consumer']);
      expect(await find({ until: RECENT - 5 })).toEqual(['cut', 'nobody']);
      expect(await find({ consumer: 'web', status: 200, since: RECENT })).toEqual(['plain']);
    });

    it('bounds what one call returns', async () => {
      send(...Array.from({ length: 600 }, (_, index) => requestRecord({ id: `r${index}` })));
      expect(await log.list({ limit: 1e9 })).toHaveLength(500);
      expect(await log.list({ limit: 0 })).toHaveLength(1);
      expect(await log.list({ limit: Number.NaN })).toHaveLength(1);
    });

    it('counts every record as written or shed', async () => {
      send(requestRecord({ id: 'a' }), requestRecord({ id: 'b' }));
      const gauge = new Int32Array(connection.gauge);
      Atomics.add(gauge, LOG_GAUGE.queued, 3);
      const good = JSON.stringify(requestRecord({ id: 'c' }));
      connection.port.postMessage({ rows: 3, lines: `no json\n${good}\n{"id":7}\n` });
      Atomics.add(gauge, LOG_GAUGE.shed, 5); // a writer whose queue was full
      await log.flush();
      expect(log.stats()).toEqual({ queued: 0, written: 3, shed: 7 });
      expect([gauge[LOG_GAUGE.queued], gauge[LOG_GAUGE.written]]).toEqual([0, 3]);
    });

    it('serves several writers, and outlives each of them', async () => {
      const other = log.connect();
      sendRecords(other, [requestRecord({ id: 'other' })]);
      Atomics.add(new Int32Array(other.gauge), LOG_GAUGE.queued, 4); // announced, never sent
      const left = new Promise((resolve) => other.port.once('close', resolve));
      other.port.close();
      await left;
      send(requestRecord({ id: 'mine' }));
      await log.flush();
      await expect.poll(() => log.stats()).toEqual({ queued: 0, written: 2, shed: 4 });
      expect(ids(await log.list({ limit: 5 }))).toEqual(['other', 'mine']);
    });

    it('refuses a cursor that is none', async () => {
      await expect(log.list({ limit: 1, before: 'x' })).rejects.toThrow('cursor');
    });

    it('answers nothing once closed', async () => {
      await log.close();
      await expect(log.list({ limit: 1 })).rejects.toThrow('closed');
      await expect(log.flush()).rejects.toThrow('closed');
    });
  });
}
