import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openRequestLog } from './open-request-log.ts';
import { describeRequestLog } from './request-log.contract.ts';

const root = mkdtempSync(join(tmpdir(), 'keywell-log-'));
let next = 0;
const freshDir = (): string => join(root, String((next += 1)));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describeRequestLog('on DuckDB', () =>
  openRequestLog({
    dir: freshDir(),
    retentionDays: 100,
    onWarning: (warning) => {
      throw new Error(warning.message);
    },
  }),
);
