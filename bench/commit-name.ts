import { execFileSync } from 'node:child_process';

/** The short name of the commit that is checked out. */
export function commitName(repository: string): string {
  try {
    const args = ['rev-parse', '--short', 'HEAD'];
    return execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
