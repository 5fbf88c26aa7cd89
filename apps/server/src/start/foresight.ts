import type { Logger } from 'pino';
import type { LiveConfiguration } from '@keywell/control/configuration/live-configuration';
import { AlertWatch } from '@keywell/control/features/alerts/alert-watch';
import { ForecastMonitor } from '@keywell/control/features/forecast/forecast-monitor';
import type { CooldownChange } from '@keywell/core/keys/status';
import type { GatewayNode } from '@keywell/gateway/node/gateway-node';
import type { CooldownSeconds } from './cooldown-seconds.ts';
import type { ForeseenFigures } from './forecast-metrics.ts';
import type { Stores } from './stores.ts';
import { targetsWithoutPrice } from './targets-without-price.ts';

/** What watches limits and tells when they run low. */
export interface Foresight {
  readonly monitor: ForecastMonitor;
  readonly alerts: AlertWatch;
  /** What metrics are made from. */
  figures(): ForeseenFigures;
  stop(): Promise<void>;
}

/** Alerts have to hear of cooldowns from the first moment on, so that they are made before the node. */
export async function openAlerts(
  stores: Stores,
  parts: {
    readonly configuration: LiveConfiguration;
    readonly cooldowns: readonly CooldownChange[];
    readonly log: Logger;
  },
): Promise<AlertWatch> {
  const { configuration, cooldowns, log } = parts;
  const alerts = new AlertWatch({
    store: stores.alerts,
    rules: () => configuration.snapshot().alerts,
    onRaised: (alert) => {
      if (alert.kind === 'pool_recovered') log.info(alert, 'alert');
      else log.warn(alert, 'alert');
    },
    onFailure: (reason) => log.error({ reason }, 'an alert could not be kept'),
  });
  await alerts.start(cooldowns);
  return alerts;
}

/** Begins to sample. */
export async function startForesight(
  stores: Stores,
  parts: {
    readonly node: GatewayNode;
    readonly configuration: LiveConfiguration;
    readonly alerts: AlertWatch;
    readonly cooled: CooldownSeconds;
    readonly log: Logger;
  },
): Promise<Foresight> {
  const { node, configuration, alerts, cooled, log } = parts;
  const monitor = new ForecastMonitor({
    dataPlane: node,
    store: stores.forecast,
    now: () => performance.now(),
    wallNow: Date.now,
    schedule: (step, delayMs) => {
      const timer = setTimeout(step, delayMs);
      timer.unref();
      return () => clearTimeout(timer);
    },
    onSample: (pools, at) => {
      alerts.noteUnpriced({
        attempts: node.attemptsWithoutPrice(),
        targets: targetsWithoutPrice(configuration.snapshot().pools),
      });
      alerts.look(pools, at);
    },
    onFailure: (reason) => log.error({ reason }, "the forecast's history"),
  });
  await monitor.start();
  return {
    monitor,
    alerts,
    figures: () => ({
      limits: node.limits(),
      pools: monitor.forecast(),
      alerts: alerts.counts(),
      cooldowns: cooled.read(Date.now()),
      endpoints: node.endpoints(),
      told: node.limitCounts(),
    }),
    stop: async () => {
      await monitor.stop();
      await alerts.settled();
    },
  };
}
