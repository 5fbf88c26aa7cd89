import { existsSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { ADMIN_ROUTES } from '@keywell/contract/admin/admin-routes';
import { checkResultSchema, type CheckView } from '@keywell/contract/admin/admin-schemas';
import { CliError } from '../cli-error.ts';
import { AdminClient } from '../client/admin-client.ts';
import { adminTokenFile, readAdminToken } from '../client/admin-token.ts';
import { EXIT } from '../exit-codes.ts';
import type { GlobalOptions, Surroundings } from '../terminal.ts';
import type { DoctorFacts, Gateway, PathFacts } from './facts.ts';

const TRAFFIC_PORT = 8080;
const CONNECT_DEADLINE_MS = 1000;

/** Looks at everything; never throws. */
export async function gatherFacts(
  surroundings: Surroundings,
  options: GlobalOptions,
): Promise<DoctorFacts> {
  const gateway = await askGateway(options);
  const idle = gateway.kind !== 'answers';
  return {
    nodeVersion: process.version,
    dataDir: pathFacts(resolve(options.data)),
    tokenFile: pathFacts(adminTokenFile(options.data)),
    gateway,
    ports: idle
      ? await Promise.all([TRAFFIC_PORT, adminPort(options.adminUrl)].map(portFacts))
      : [],
    check: idle ? await checkFile(surroundings) : null,
    tcpMigrateReq: readNumber('/proc/sys/net/ipv4/tcp_migrate_req'),
    maxOpenFiles: readOpenFiles(),
  };
}

async function askGateway(options: GlobalOptions): Promise<Gateway> {
  try {
    const client = new AdminClient(options.adminUrl, readAdminToken(options.data));
    const status = await client.call(ADMIN_ROUTES.status);
    const domains = await client.call(ADMIN_ROUTES.keySuggestions);
    return { kind: 'answers', status, domains };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const { message, exitCode } = error;
    if (exitCode === EXIT.unreachable) return { kind: 'silent', message };
    if (exitCode !== EXIT.unauthorized) return { kind: 'strange', message };
    return {
      kind: existsSync(adminTokenFile(options.data)) ? 'unauthorized' : 'no_token',
      message,
    };
  }
}

async function checkFile(surroundings: Surroundings): Promise<DoctorFacts['check']> {
  const file = resolve('keywell.yaml');
  if (!existsSync(file)) return null;
  const { code, out } = await surroundings.askServer(['check', '--json', file]);
  const { problems, warnings } = readCheck(out);
  const [first] = problems;
  const text = first === undefined ? `${file}.` : `${file}, line ${first.line}: ${first.message}`;
  return { ok: code === 0, text, warnings };
}

/** What "keywell check --json" printed; nothing where it printed something else. */
function readCheck(out: string): CheckView {
  try {
    return checkResultSchema.parse(JSON.parse(out));
  } catch {
    return { problems: [], warnings: [] };
  }
}

function pathFacts(path: string): PathFacts {
  try {
    const { mode, uid } = statSync(path);
    const ours = process.getuid === undefined || uid === process.getuid();
    return { path, exists: true, mode: mode & 0o777, ours };
  } catch {
    return { path, exists: false, mode: 0, ours: false };
  }
}

function adminPort(url: string): number {
  return URL.canParse(url) ? Number(new URL(url).port || 80) : 8081;
}

function portFacts(port: number): Promise<{ port: number; taken: boolean }> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (taken: boolean) => (): void => {
      socket.destroy();
      done({ port, taken });
    };
    socket.setTimeout(CONNECT_DEADLINE_MS, end(true));
    socket.once('connect', end(true));
    socket.once('error', end(false));
  });
}

function readNumber(file: string): number | null {
  try {
    const value = Number(readFileSync(file, 'utf8').trim());
    return Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}

function readOpenFiles(): number | null {
  try {
    const match = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    if (match === null) return null;
    return match[1] === 'unlimited' ? Infinity : Number(match[1]);
  } catch {
    return null;
  }
}
