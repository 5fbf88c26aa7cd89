import { Secret } from '@keywell/core/secret/secret';
import type { ConsumerRecord, DeclaredHeader, Snapshot } from '@keywell/core/snapshot/snapshot';
import { SNAPSHOT_LAYOUT } from './encode-snapshot.ts';

/** The part of a snapshot every worker needs at once. */
export type SnapshotHead = Omit<Snapshot, 'consumers'>;

/** A snapshot as a worker reads it: the head decoded, consumers found by their key's hash and decoded when they first call. */
export interface SnapshotReader {
  readonly head: SnapshotHead;
  consumerByKeyHash(hash: Uint8Array): ConsumerRecord | null;
}

export function readSnapshot(buffer: SharedArrayBuffer): SnapshotReader {
  const cells = new Int32Array(buffer, 0, SNAPSHOT_LAYOUT.headCells);
  const { cell } = SNAPSHOT_LAYOUT;
  if (cells[cell.magic] !== SNAPSHOT_LAYOUT.magic) throw new Error('not an encoded snapshot');
  const head = reviveHead(decode(buffer, cells[cell.jsonStart] ?? 0, cells[cell.jsonEnd] ?? 0));
  const indexStart = cells[cell.indexStart] ?? 0;
  const count = cells[cell.indexCount] ?? 0;
  const recordsStart = cells[cell.recordsStart] ?? 0;
  const bytes = Buffer.from(buffer);
  const view = new DataView(buffer);
  const decoded = new Map<number, ConsumerRecord>();
  return {
    head,
    consumerByKeyHash(hash) {
      const entry = findEntry(bytes, indexStart, count, hash);
      if (entry === -1) return null;
      const offset = view.getUint32(entry + SNAPSHOT_LAYOUT.hashBytes, true);
      const known = decoded.get(offset);
      if (known !== undefined) return known;
      const length = view.getUint32(entry + SNAPSHOT_LAYOUT.hashBytes + 4, true);
      const start = recordsStart + offset;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- encoded by ourselves
      const consumer = decode(buffer, start, start + length) as ConsumerRecord;
      decoded.set(offset, consumer);
      return consumer;
    },
  };
}

/** Binary search over the sorted hashes; what it compares is a hash of the key, so its timing tells nothing about the key. */
function findEntry(bytes: Buffer, start: number, count: number, hash: Uint8Array): number {
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = start + middle * SNAPSHOT_LAYOUT.entryBytes;
    const order = bytes.compare(hash, 0, SNAPSHOT_LAYOUT.hashBytes, at, at + 32);
    if (order === 0) return at;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function decode(buffer: SharedArrayBuffer, start: number, end: number): unknown {
  return JSON.parse(Buffer.from(buffer, start, end - start).toString('utf8'));
}

function reviveHead(parsed: unknown): SnapshotHead {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- encoded by ourselves
  const raw = parsed as SnapshotHead & {
    readonly providers: readonly {
      readonly keys: readonly { readonly value: unknown }[];
      readonly headers?: readonly { readonly value: unknown }[];
    }[];
  };
  return {
    ...raw,
    providers: raw.providers.map((provider) => ({
      ...provider,
      keys: provider.keys.map((key) => ({
        ...key,
        value: typeof key.value === 'string' ? new Secret(key.value) : null,
      })),
      ...reviveHeaders(provider.headers),
    })),
  };
}

function reviveHeaders(
  headers: readonly (DeclaredHeader & { readonly value: unknown })[] | undefined,
): { readonly headers?: readonly DeclaredHeader[] } {
  if (headers === undefined) return {};
  return { headers: headers.map((each) => ({ ...each, value: new Secret(String(each.value)) })) };
}
