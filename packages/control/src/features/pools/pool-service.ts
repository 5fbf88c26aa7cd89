import type { PoolStatus } from '@keywell/core/keys/status';
import type { DataPlane } from '../../ports/data-plane.ts';

export interface PoolPorts {
  readonly dataPlane: Pick<DataPlane, 'pools'>;
}

/** Pools with what each tier can serve at present. */
export function listPools({ dataPlane }: PoolPorts): readonly PoolStatus[] {
  return dataPlane.pools();
}
