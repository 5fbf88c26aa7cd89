import type { Logger } from 'pino';
import type { LiveConfiguration } from '@keywell/control/configuration/live-configuration';
import { FreeChecks, type FreeCheckPorts } from '@keywell/control/features/free-checks/free-checks';
import type { ExtraFamily } from '@keywell/gateway/telemetry/exposition';
import { vendorOf } from '@keywell/providers/registry';

/** How often it is seen whether a look is due; the looks themselves are minutes apart. */
const TICK_MS = 30_000;

export type FreeCheckJob = Pick<FreeChecks, 'counts' | 'stop'>;

/** Looks at keys that ran out of money or were refused, for as long as the node runs. */
export function startFreeChecks(parts: {
  readonly node: FreeCheckPorts['dataPlane'];
  readonly configuration: LiveConfiguration;
  readonly audit: FreeCheckPorts['audit'];
  readonly log: Logger;
}): FreeCheckJob {
  const { node, configuration, audit, log } = parts;
  const checks = new FreeChecks({
    dataPlane: node,
    providers: () => configuration.snapshot().providers,
    vendorOf,
    audit,
    fetch,
    deadline: (ms) => AbortSignal.timeout(ms),
    now: () => performance.now(),
    wallNow: Date.now,
    random: Math.random,
    onEvent: (event) => log.info(event, 'free check'),
  });
  const timer = setInterval(() => void checks.tick(), TICK_MS).unref();
  return {
    counts: () => checks.counts(),
    stop: async () => {
      clearInterval(timer);
      await checks.stop();
    },
  };
}

/** The counters of the looks. */
export function freeCheckMetrics(counts: ReturnType<FreeChecks['counts']>): readonly ExtraFamily[] {
  return [
    {
      name: 'keywell_free_checks_total',
      type: 'counter',
      help: 'Looks at cooled keys by calls that cost nothing, by what came of them.',
      series: counts.map(({ provider, result, count }) => ({
        labels: { provider, result },
        value: count,
      })),
    },
  ];
}
