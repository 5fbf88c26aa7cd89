/** docs/reference/clients.md, from what a run of the tests saw. */

/** What was seen of each row, by provider, client and operation. */
export class Matrix {
  readonly #seen = new Map<string, Map<string, Map<string, string>>>();

  note(provider: string, client: string, operation: string, seen: string): void {
    const clients = this.#seen.get(provider) ?? new Map<string, Map<string, string>>();
    const operations = clients.get(client) ?? new Map<string, string>();
    this.#seen.set(provider, clients.set(client, operations.set(operation, seen)));
  }

  /** One table, `–` where nothing was seen. */
  table(provider: string, operations: readonly string[]): string {
    const clients = [...(this.#seen.get(provider) ?? [])];
    return [
      row(['client', ...operations]),
      row(['---', ...operations.map(() => '---')]),
      ...clients.map(([client, seen]) =>
        row([client].concat(operations.map((name) => seen.get(name) ?? '–'))),
      ),
    ].join('\n');
  }
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
