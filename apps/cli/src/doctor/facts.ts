import type { DomainFindingsView, StatusView } from '@keywell/contract/admin/admin-schemas';

/** What is known of a path. */
export interface PathFacts {
  readonly path: string;
  readonly exists: boolean;
  /** Permission bits; 0 when it does not exist. */
  readonly mode: number;
  /** Whether it belongs to the user that asks. */
  readonly ours: boolean;
}

export type Gateway =
  | {
      readonly kind: 'answers';
      readonly status: StatusView;
      readonly domains: DomainFindingsView;
    }
  | { readonly kind: 'no_token' | 'unauthorized' | 'silent' | 'strange'; readonly message: string };

/** Everything the doctor looks at, gathered before it judges. */
export interface DoctorFacts {
  readonly nodeVersion: string;
  readonly dataDir: PathFacts;
  readonly tokenFile: PathFacts;
  readonly gateway: Gateway;
  /** Whether something listens at the usual ports; empty where the gateway itself answers. */
  readonly ports: readonly { readonly port: number; readonly taken: boolean }[];
  /** What `keywell check` says of ./keywell.yaml; null when there is none or the gateway answers. */
  readonly check: {
    readonly ok: boolean;
    readonly text: string;
    readonly warnings: readonly { readonly message: string; readonly hint: string }[];
  } | null;
  /** net.ipv4.tcp_migrate_req; null where the system has none. */
  readonly tcpMigrateReq: number | null;
  /** Soft limit of open files; null when it is not known, Infinity when there is none. */
  readonly maxOpenFiles: number | null;
}
