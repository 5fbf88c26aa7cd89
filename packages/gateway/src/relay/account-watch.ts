import { readAccount, sameAccount, type Account } from '@keywell/core/keys/account';
import type { Vendor } from '@keywell/providers/compatible/vendor';
import type { HeaderOf } from '../seam/outbound.ts';

/** As many headers as a vendor may look at. */
const MAX_HEADERS = 8;

/**
 * What the responses to one candidate say of its key's account. Which headers the vendor asks for is noted at the first response; from
 * then on their values are compared, and the vendor is asked again only when one of them is another. An account is told once, until
 * another one comes.
 */
export class AccountWatch {
  readonly #accountOf: Vendor['accountOf'];
  readonly #names: string[] = [];
  readonly #values: (string | undefined)[] = [];
  #asked = false;
  #told: Account | null = null;

  constructor({ accountOf }: Pick<Vendor, 'accountOf'>) {
    this.#accountOf = accountOf;
  }

  /** The account, when this response names another one than those before; else null. */
  look(header: HeaderOf): Account | null {
    return this.#asked && this.#isAsBefore(header) ? null : this.#read(header);
  }

  #isAsBefore(header: HeaderOf): boolean {
    for (let at = 0; at < this.#names.length; at += 1) {
      if (header(this.#names[at] ?? '') !== this.#values[at]) return false;
    }
    return true;
  }

  #read(header: HeaderOf): Account | null {
    this.#asked = true;
    this.#names.length = 0;
    this.#values.length = 0;
    const named = this.#accountOf((name) => {
      const value = header(name);
      if (this.#names.length < MAX_HEADERS) {
        this.#names.push(name);
        this.#values.push(value);
      }
      return value;
    });
    const account = readAccount(named);
    if (account === null || (this.#told !== null && sameAccount(this.#told, account))) return null;
    this.#told = account;
    return account;
  }
}
