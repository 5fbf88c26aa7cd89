/** What the process that runs all this says of itself. */
export interface InstanceStatus {
  /** Of Keywell. */
  readonly version: string;
  readonly nodeVersion: string;
  readonly pid: number;
  /** Wall clock, epoch milliseconds. */
  readonly startedAt: number;
  readonly dataDir: string;
  readonly listeners: readonly {
    /** `traffic`, `admin`. */
    readonly name: string;
    readonly host: string;
    readonly port: number;
  }[];
}

/** What a look at a provider found. */
export interface ProviderProbe {
  readonly provider: string;
  readonly baseUrl: string;
  readonly reachable: boolean;
  readonly latencyMs: number | null;
  /** The provider's clock minus ours, milliseconds; null where its answer named no date. */
  readonly clockSkewMs: number | null;
  /** Wall clock, epoch milliseconds. */
  readonly checkedAt: number;
  /** Empty when it was reached. */
  readonly error: string;
}
