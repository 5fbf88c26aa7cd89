/** What a document's name may hold; each run of other characters becomes one space. */
const STRANGE = /[^A-Za-z0-9()[\]-]+/g;
const LONGEST = 190;

/**
 * Names for the documents of one request: Converse demands a name of letters, digits, hyphens, brackets and single spaces, without its
 * ending, which is the format, and takes each only once.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html
 */
export class DocumentNames {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  nameFor(name: string | null): string {
    const bare = (name ?? '').slice(0, 512).replace(/\.[A-Za-z0-9]{1,8}$/, '');
    const clean = bare.replace(STRANGE, ' ').trim().slice(0, LONGEST).trim() || 'document';
    let free = clean;
    let count = this.#counts.get(clean) ?? 1;
    while (this.#taken.has(free)) free = `${clean} (${++count})`;
    this.#counts.set(clean, count);
    this.#taken.add(free);
    return free;
  }
}
