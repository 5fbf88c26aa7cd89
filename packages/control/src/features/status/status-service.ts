import type {
  ConfigurationState,
  LiveConfiguration,
} from '../../configuration/live-configuration.ts';
import type { DataPlane, DataPlaneStatus } from '../../ports/data-plane.ts';
import type { InstanceStatus, ProviderProbe } from '../../ports/instance.ts';
import type { RequestLogReader } from '../../ports/stores.ts';

export interface StatusPorts {
  readonly instance: () => InstanceStatus;
  readonly configuration: Pick<LiveConfiguration, 'state'>;
  readonly dataPlane: Pick<DataPlane, 'status'>;
  readonly requestLog: Pick<RequestLogReader, 'stats'> | null;
  /** A bounded look at every provider, or what the last one found. */
  readonly probes: () => Promise<readonly ProviderProbe[]>;
}

export interface NodeStatus {
  readonly instance: InstanceStatus;
  readonly configuration: ConfigurationState;
  readonly dataPlane: DataPlaneStatus;
  readonly log: ReturnType<RequestLogReader['stats']> | null;
  readonly probes: readonly ProviderProbe[];
}

/** Everything about this node in one answer. */
export async function nodeStatus(ports: StatusPorts): Promise<NodeStatus> {
  return {
    instance: ports.instance(),
    configuration: ports.configuration.state(),
    dataPlane: ports.dataPlane.status(),
    log: ports.requestLog?.stats() ?? null,
    probes: await ports.probes(),
  };
}
