import type { Vendor } from '../vendor.ts';
import { CLOUDS } from './clouds.ts';
import { type HostRow, hostVendor } from './host-row.ts';
import { MODEL_MAKERS } from './model-makers.ts';
import { MODEL_SERVERS } from './model-servers.ts';
import { ROUTERS } from './routers.ts';

/** Every compatible host that is known by name. Adding one is adding a row. */
export const HOSTS: readonly HostRow[] = [...MODEL_MAKERS, ...CLOUDS, ...ROUTERS, ...MODEL_SERVERS];

export const hostVendors: readonly Vendor[] = HOSTS.map(hostVendor);
