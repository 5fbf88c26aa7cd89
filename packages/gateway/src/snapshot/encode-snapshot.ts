import type { ConsumerRecord, Snapshot } from '@keywell/core/snapshot/snapshot';

/**
 * The layout in which a snapshot crosses threads: one shared buffer, nothing cloned. A head of Int32 cells, the JSON of everything
 * that every worker needs at once, then consumers: an index sorted by key hash, and each consumer's JSON, decoded at its first call.
 */
export const SNAPSHOT_LAYOUT = Object.freeze({
  magic: 0x4b57_5331,
  headCells: 6,
  /** Head cells: magic, start and end of the head JSON, start and count of the index, start of the consumer records. */
  cell: { magic: 0, jsonStart: 1, jsonEnd: 2, indexStart: 3, indexCount: 4, recordsStart: 5 },
  hashBytes: 32,
  /** One entry of the index: a hash and the record's offset and length. */
  entryBytes: 40,
});

const encoder = new TextEncoder();

/** Encodes a snapshot for the workers. The result holds secrets in clear: it never leaves the process's memory. */
export function encodeSnapshot(snapshot: Snapshot): SharedArrayBuffer {
  const { consumers, ...rest } = snapshot;
  const json = encoder.encode(JSON.stringify(withSecrets(rest)));
  const records = consumers.map((consumer) => encoder.encode(JSON.stringify(consumer)));
  const entries = indexOf(consumers, records);
  const jsonStart = SNAPSHOT_LAYOUT.headCells * 4;
  const indexStart = align(jsonStart + json.length);
  const recordsStart = indexStart + entries.length * SNAPSHOT_LAYOUT.entryBytes;
  const recordBytes = records.reduce((sum, record) => sum + record.length, 0);
  const buffer = new SharedArrayBuffer(recordsStart + recordBytes);
  const bytes = new Uint8Array(buffer);
  const head = new Int32Array(buffer, 0, SNAPSHOT_LAYOUT.headCells);
  head.set([
    SNAPSHOT_LAYOUT.magic,
    jsonStart,
    jsonStart + json.length,
    indexStart,
    entries.length,
    recordsStart,
  ]);
  bytes.set(json, jsonStart);
  writeIndex(new DataView(buffer), bytes, indexStart, entries);
  let offset = recordsStart;
  for (const record of records) {
    bytes.set(record, offset);
    offset += record.length;
  }
  return buffer;
}

interface IndexEntry {
  readonly hash: Uint8Array;
  readonly offset: number;
  readonly length: number;
}

function indexOf(
  consumers: readonly ConsumerRecord[],
  records: readonly Uint8Array[],
): readonly IndexEntry[] {
  const entries: IndexEntry[] = [];
  let offset = 0;
  for (const [position, consumer] of consumers.entries()) {
    const length = records[position]?.length ?? 0;
    for (const keyHash of consumer.keyHashes) {
      const hash = Buffer.from(keyHash, 'hex');
      if (hash.length === SNAPSHOT_LAYOUT.hashBytes) entries.push({ hash, offset, length });
    }
    offset += length;
  }
  return entries.toSorted((left, right) => Buffer.compare(left.hash, right.hash));
}

function writeIndex(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  entries: readonly IndexEntry[],
): void {
  let position = start;
  for (const entry of entries) {
    bytes.set(entry.hash, position);
    view.setUint32(position + SNAPSHOT_LAYOUT.hashBytes, entry.offset, true);
    view.setUint32(position + SNAPSHOT_LAYOUT.hashBytes + 4, entry.length, true);
    position += SNAPSHOT_LAYOUT.entryBytes;
  }
}

/** Upstream keys and declared headers have to reach the workers; this is the one place that writes them out, into shared memory only. */
function withSecrets(rest: Omit<Snapshot, 'consumers'>): unknown {
  return {
    ...rest,
    providers: rest.providers.map((provider) => ({
      ...provider,
      keys: provider.keys.map((key) => ({ ...key, value: key.value?.reveal() ?? null })),
      headers: provider.headers?.map((each) => ({ ...each, value: each.value.reveal() })),
    })),
  };
}

const align = (offset: number): number => Math.ceil(offset / 8) * 8;
