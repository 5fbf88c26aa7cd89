import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import type { AlertWatch } from '@keywell/control/features/alerts/alert-watch';
import { LiveConfiguration } from '@keywell/control/configuration/live-configuration';
import { createFileWatch } from '@keywell/control/configuration/watch-files';
import { createAdminApp } from '@keywell/control/http/admin-app';
import { GatewayNode } from '@keywell/gateway/node/gateway-node';
import { ListenError } from '@keywell/gateway/node/listen-error';
import type { CooldownChange } from '@keywell/core/keys/status';
import { openDataFolder, type DataFolder } from '@keywell/storage/paths';
import { StorageError } from '@keywell/storage/storage-error';
import { openRequestLog } from '@keywell/storage/log/open-request-log';
import type { RequestLog } from '@keywell/storage/log/request-log';
import { EXIT } from '../commands/exit-codes.ts';
import { showProblem } from '../commands/check.ts';
import { readEnvironment, whatRuns } from '../config.ts';
import {
  startSimulatedProvider,
  type SimulatedProvider,
} from '../simulated-provider/simulated-provider.ts';
import { peerAddress, startAdminListener, type AdminListener } from './admin-listener.ts';
import { bannerLines } from './banner.ts';
import { CooldownSeconds } from './cooldown-seconds.ts';
import { createLogger } from './create-logger.ts';
import { domainPorts, startDomainLearning, type DomainLearning } from './domain-learning.ts';
import { collectGarbage } from './collect-garbage.ts';
import { addFirstConsumer } from './first-consumer.ts';
import { freeCheckMetrics, startFreeChecks, type FreeCheckJob } from './free-check-job.ts';
import { openAlerts, startForesight, type Foresight } from './foresight.ts';
import { forecastMetrics } from './forecast-metrics.ts';
import { keyMetrics } from './key-metrics.ts';
import { createProviderProbes } from './provider-probes.ts';
import { openStores, type Stores } from './stores.ts';
import { Signals } from './shutdown.ts';

export interface StartOptions {
  readonly configFile: string;
  /** The operator named the file, so it has to be there. */
  readonly configRequired: boolean;
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly workers: number;
}

const VERSION = '0.1.0';
const WATCH = { pollMs: 1000, debounceMs: 100 };

/** A start that cannot go on, told to the person at the terminal. */
class StartRefused extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Brings everything up in order, prints what is up, and stays until a signal ends it. */
export async function startServer(options: StartOptions): Promise<void> {
  // Libraries that write into the data folder choose no mode of their own.
  process.umask(0o077);
  const log = createLogger();
  log.debug({ runs: whatRuns() ?? 'sources' }, 'start');
  try {
    await bringUp(options, log, new Signals(log, () => performance.now()));
  } catch (error) {
    process.stderr.write(`keywell: ${explain(error, options)}\n`);
    process.exit(error instanceof StartRefused ? error.exitCode : EXIT.failed);
  }
}

function explain(error: unknown, options: StartOptions): string {
  if (error instanceof ListenError && error.code === 'EADDRINUSE') {
    const admin = error.message.includes(`:${options.adminPort}`);
    const [port, flag] = admin ? [options.adminPort, '--admin-port'] : [options.port, '--port'];
    return `port ${port} is in use by another program. Stop it, or choose another port with ${flag}.`;
  }
  if (error instanceof StartRefused || error instanceof StorageError) return error.message;
  if (error instanceof ListenError) return `cannot listen: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function bringUp(options: StartOptions, log: Logger, signals: Signals): Promise<void> {
  const startedAt = Date.now();
  const folder = takeFolder(options.dataDir, startedAt);
  const stores = await openStores(folder.paths);
  const simulated = await simulatedProviderFor(options, stores);
  const domains = await startDomainLearning(stores.accounts, log);
  const configuration = liveConfiguration(options, { stores, simulated, domains, log });
  const loaded = await configuration.load();
  if (!loaded.ok) {
    const lines = loaded.problems.map((problem) => showProblem('error', problem));
    throw new StartRefused(`the configuration cannot be used\n${lines.join('\n')}`, EXIT.refused);
  }
  const requestLog = await requestLogFor(loaded.log, folder, log);
  const cooldowns = await stores.cooldowns.load(Date.now());
  const alerts = await openAlerts(stores, { configuration, cooldowns, log });
  const cooled = new CooldownSeconds();
  const node = await startNode(options, {
    stores,
    configuration,
    requestLog,
    domains,
    log,
    cooldowns,
    alerts,
    cooled,
  });
  configuration.serve(node);
  domains.follow(configuration);
  const freeChecks = startFreeChecks({ node, configuration, audit: stores.audit, log });
  const foresight = await startForesight(stores, { node, configuration, alerts, cooled, log });
  const running = {
    folder,
    stores,
    configuration,
    requestLog,
    node,
    domains,
    freeChecks,
    foresight,
  };
  const admin = await startAdmin(options, { ...running, log, startedAt });
  const firstKey = await addFirstConsumer(
    {
      consumers: stores.consumers,
      configuration,
      audit: stores.audit,
      dataPlane: node,
      wallNow: Date.now,
    },
    stores.settings,
  );
  const [model] = configuration.snapshot().models;
  const banner = bannerLines({
    trafficUrl: `http://${hostOf(options.host)}:${node.port}`,
    adminUrl: `http://${hostOf(options.adminHost)}:${admin.port}`,
    dataDir: options.dataDir,
    source: loaded.source,
    configFile: options.configFile,
    workers: options.workers,
    firstKey,
    model: model?.alias ?? null,
  });
  collectGarbage();
  // Whoever waits for /readyz finds every worker and the admin listener.
  node.announceReady();
  process.stdout.write(`${banner.join('\n')}\n`);
  signals.obey({
    graceMs: () => configuration.snapshot().traffic.shutdownGraceMs,
    reload: () => void configuration.reload(),
    end: () => bringDown({ ...running, admin, simulated }),
    node,
  });
}

/** Null when the log is off. */
async function requestLogFor(
  settings: {
    readonly enabled: boolean;
    readonly max_queued_rows: number;
    readonly retention_days: number;
  },
  folder: DataFolder,
  log: Logger,
): Promise<RequestLog | null> {
  if (!settings.enabled) return null;
  return openRequestLog({
    dir: folder.paths.requestLog,
    maxQueuedRows: settings.max_queued_rows,
    retentionDays: settings.retention_days,
    onWarning: (warning) => log.warn(warning, 'request log'),
  });
}

function takeFolder(dir: string, startedAt: number): DataFolder {
  const opened = openDataFolder(dir, startedAt);
  if (!opened.ok) throw new StartRefused(opened.message);
  return opened.folder;
}

/** The simulator answers only where no configuration file exists and none ever did. */
async function simulatedProviderFor(
  options: StartOptions,
  stores: Stores,
): Promise<SimulatedProvider | null> {
  if (options.configRequired || existsSync(options.configFile)) return null;
  if ((await stores.snapshots.latest()) !== null) return null;
  return startSimulatedProvider();
}

function liveConfiguration(
  options: StartOptions,
  parts: {
    readonly stores: Stores;
    readonly simulated: SimulatedProvider | null;
    readonly domains: DomainLearning;
    readonly log: Logger;
  },
): LiveConfiguration {
  const { stores, simulated, domains, log } = parts;
  return new LiveConfiguration({
    file: options.configFile,
    required: options.configRequired,
    fallback: () => simulated?.configuration ?? null,
    consumers: stores.consumers,
    accounts: () => domains.accounts.known(),
    snapshots: stores.snapshots,
    sealer: stores.masterKey,
    env: (name) => readEnvironment(name) ?? simulated?.readKey(name),
    watch: createFileWatch(WATCH),
    wallNow: Date.now,
    onEvent: (event) => {
      const bad = event.kind === 'refused' || event.kind === 'started_from_last_good';
      if (bad || event.kind === 'not_saved') log.error(event, 'configuration');
      else if (event.kind === 'warned') log.warn(event, 'configuration');
      else log.info(event, 'configuration');
    },
  });
}

async function startNode(
  options: StartOptions,
  parts: {
    readonly stores: Stores;
    readonly configuration: LiveConfiguration;
    readonly requestLog: RequestLog | null;
    readonly domains: DomainLearning;
    readonly log: Logger;
    readonly cooldowns: readonly CooldownChange[];
    readonly alerts: AlertWatch;
    readonly cooled: CooldownSeconds;
  },
): Promise<GatewayNode> {
  const { stores, configuration, requestLog, domains, log, cooldowns, alerts, cooled } = parts;
  return GatewayNode.start({
    host: options.host,
    port: options.port,
    workers: options.workers,
    snapshot: configuration.snapshot(),
    cooldowns,
    announceLater: true,
    spend: await stores.spend.load(),
    onSpent: (changes) => {
      try {
        stores.spend.keepNow(changes);
        return true;
      } catch (error) {
        log.error({ reason: String(error) }, 'what consumers have spent could not be saved');
        return false;
      }
    },
    objects: await stores.objects.load(),
    onObjects: (changes) => {
      try {
        stores.objects.applyNow(changes);
        return true;
      } catch (error) {
        log.error({ reason: String(error) }, 'what consumers own at providers could not be saved');
        return false;
      }
    },
    connectLog: () => requestLog?.connect() ?? null,
    onCooled: (changes) => {
      alerts.noteCooldowns(changes);
      cooled.note(changes, Date.now());
      try {
        stores.cooldowns.applyNow(changes);
      } catch (error) {
        // The cooldown binds all the same; only a restart would not know of it.
        log.error({ reason: String(error) }, 'cooldowns could not be saved');
      }
    },
    onAccount: (sighting) => domains.accounts.seen(sighting),
    onFlow: (report) => domains.flows.take(report),
    onEvent: (event) => {
      if (event.kind === 'worker_restarted') log.warn(event, 'gateway');
      else log.error(event, 'gateway');
    },
  });
}

interface Running {
  readonly folder: DataFolder;
  readonly stores: Stores;
  readonly configuration: LiveConfiguration;
  readonly requestLog: RequestLog | null;
  readonly node: GatewayNode;
  readonly domains: DomainLearning;
  readonly freeChecks: FreeCheckJob;
  readonly foresight: Foresight;
}

function startAdmin(
  options: StartOptions,
  parts: Running & { readonly log: Logger; readonly startedAt: number },
): Promise<AdminListener> {
  const { folder, stores, configuration, requestLog, node, domains, freeChecks } = parts;
  const { foresight, log, startedAt } = parts;
  const listeners = [
    { name: 'traffic', host: options.host, port: node.port },
    { name: 'admin', host: options.adminHost, port: options.adminPort },
  ];
  const app = createAdminApp({
    token: folder.adminToken(),
    allowedHosts: [options.adminHost],
    dataPlane: node,
    configuration,
    domains: domainPorts(domains),
    consumers: stores.consumers,
    audit: stores.audit,
    alerts: stores.alerts,
    forecast: foresight.monitor,
    requestLog: requestLog === null ? null : flushedFirst(requestLog, node),
    randomBytes,
    wallNow: Date.now,
    instance: () => ({
      version: VERSION,
      nodeVersion: process.versions.node,
      pid: process.pid,
      startedAt,
      dataDir: options.dataDir,
      listeners,
    }),
    probes: createProviderProbes(() => configuration.snapshot().providers, Date.now),
    metrics: async () =>
      node.metrics([
        ...keyMetrics(node.keys(), node.pools(), requestLog?.stats() ?? null),
        ...freeCheckMetrics(freeChecks.counts()),
        ...forecastMetrics(foresight.figures()),
      ]),
    ready: () => !node.status().draining,
    peerAddress,
    newRequestId: () => `adm_${randomUUID()}`,
    onDefect: (requestId, error) => log.error({ requestId, error: String(error) }, 'admin'),
  });
  return startAdminListener(app, { host: options.adminHost, port: options.adminPort });
}

/** Whoever reads the log sees what the workers still hold. */
function flushedFirst(requestLog: RequestLog, node: GatewayNode): RequestLog {
  return {
    connect: () => requestLog.connect(),
    flush: () => requestLog.flush(),
    list: async (query) => {
      await node.flushLog();
      return requestLog.list(query);
    },
    get: async (id) => {
      await node.flushLog();
      return requestLog.get(id);
    },
    stats: () => requestLog.stats(),
    close: () => requestLog.close(),
  };
}

/** After the node has drained: everything behind it, in the order in which it was brought up, backwards. */
async function bringDown(
  parts: Running & { readonly admin: AdminListener; readonly simulated: SimulatedProvider | null },
): Promise<void> {
  await parts.admin.close();
  await parts.freeChecks.stop();
  await parts.domains.stop();
  await parts.foresight.stop();
  await parts.configuration.stop();
  await parts.requestLog?.close();
  await parts.simulated?.stop();
  await parts.stores.close();
  parts.folder.release();
}

/** A host as it stands in a URL; a wildcard address is reached by loopback. */
function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
