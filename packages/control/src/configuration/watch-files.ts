import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Tells when one of some files may have changed; `paths` is asked anew each time. Returns what ends it. */
export type WatchFiles = (paths: () => readonly string[], changed: () => void) => () => void;

export interface WatchOptions {
  /** How often the files are looked at, whatever the system tells; milliseconds. */
  readonly pollMs: number;
  /** Quiet that must follow a change before it is told, so that a file is not read half written; milliseconds. */
  readonly debounceMs: number;
}

/**
 * Watches by the system's events on the first file's folder (the file itself is replaced by most editors) and by looking at
 * size, time and inode of all of them, because network and container file systems send no events.
 */
export function createFileWatch(options: WatchOptions): WatchFiles {
  return (paths, changed) => {
    let seen = signature(paths());
    let debounce: NodeJS.Timeout | null = null;
    const look = (): void => {
      const now = signature(paths());
      if (now === seen) return;
      seen = now;
      if (debounce !== null) clearTimeout(debounce);
      debounce = setTimeout(() => {
        debounce = null;
        changed();
      }, options.debounceMs);
      debounce.unref();
    };
    const poll = setInterval(look, options.pollMs);
    poll.unref();
    const watcher = watchFolder(paths()[0], look);
    return () => {
      clearInterval(poll);
      if (debounce !== null) clearTimeout(debounce);
      watcher?.close();
    };
  };
}

function watchFolder(file: string | undefined, look: () => void): FSWatcher | null {
  if (file === undefined) return null;
  try {
    const watcher = watch(dirname(file), { persistent: false }, (_, name) => {
      if (name === null || name === basename(file)) look();
    });
    watcher.on('error', () => watcher.close()); // the poll goes on
    return watcher;
  } catch {
    return null; // the folder does not exist, or events are not supported: the poll goes on
  }
}

function signature(paths: readonly string[]): string {
  return paths.map(signatureOf).join('\n');
}

function signatureOf(path: string): string {
  try {
    const { mtimeNs, size, ino } = statSync(path, { bigint: true });
    return `${path} ${mtimeNs} ${size} ${ino}`;
  } catch {
    return `${path} missing`;
  }
}
