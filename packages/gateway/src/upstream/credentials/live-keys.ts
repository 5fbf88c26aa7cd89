import type { Candidate } from '@keywell/core/keys/plan';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import { CredentialDesk, type LiveCredentials } from './key-credentials.ts';
import type { TokenPorts } from './token-call.ts';

/** The credentials of a worker's candidates, each looked up once for a candidate's life. */
export class LiveKeys {
  readonly #desk: CredentialDesk;
  readonly #known = new WeakMap<Candidate, LiveCredentials | null>();

  constructor(ports: TokenPorts) {
    this.#desk = new CredentialDesk(ports);
  }

  /** Null for a key that is sent as it is. */
  of(candidate: Candidate, { vendor }: { readonly vendor: Vendor }): LiveCredentials | null {
    const known = this.#known.get(candidate);
    if (known !== undefined) return known;
    const { key, provider } = candidate;
    const found = this.#desk.credentialsFor(key, vendor, provider.baseUrl);
    const live = found.kind === 'live' ? found : null;
    this.#known.set(candidate, live);
    return live;
  }
}
