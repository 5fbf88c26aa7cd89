import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const WORKSPACES = ['packages', 'apps'];
/** What belongs to the workspace itself: its packages, and what was built in it. */
const OWN = ['.cache', '@keywell'];

/** This workspace in another folder, as it is after cloning and installing: with its own sources, and nothing built. */
export class FreshClone {
  readonly folder = mkdtempSync(join(tmpdir(), 'keywell-clone-'));
  readonly cache = join(this.folder, 'node_modules', '.cache', 'keywell');

  constructor() {
    for (const each of WORKSPACES) {
      cpSync(join(REPOSITORY, each), join(this.folder, each), {
        recursive: true,
        verbatimSymlinks: true,
      });
    }
    const installed = join(REPOSITORY, 'node_modules');
    const own = join(this.folder, 'node_modules');
    mkdirSync(own);
    for (const each of readdirSync(installed)) {
      if (!OWN.includes(each)) symlinkSync(join(installed, each), join(own, each));
    }
    cpSync(join(installed, '@keywell'), join(own, '@keywell'), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }

  /** A file of the clone. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Names of what is in the folder of builds, without compiled code. */
  builds(): readonly string[] {
    return readdirSync(this.cache).filter((name) => /^(?:build|making)-/.test(name));
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
