import { endpointCell, readCell } from './cooldown-cells.ts';
import type { KeyTable } from './key-table.ts';
import { ENDPOINT_CELL } from './table-layout.ts';

/** What was counted at a provider since the node started. */
export interface EndpointCounts {
  readonly provider: string;
  /** Instants it named that could not be. */
  readonly implausible: number;
  /** Failures that were too old to count. */
  readonly stale: number;
}

/** The counters of every provider. */
export function describeEndpoints(table: KeyTable): EndpointCounts[] {
  return table.plan.endpoints.map(({ index, provider }) => ({
    provider: provider.id,
    implausible: readCell(table, endpointCell(table, index, ENDPOINT_CELL.implausible)),
    stale: readCell(table, endpointCell(table, index, ENDPOINT_CELL.stale)),
  }));
}
