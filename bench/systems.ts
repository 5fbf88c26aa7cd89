// The systems that are measured: how each is started, and what a call to it carries.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatConsumerKey } from '../packages/core/src/access/consumer-key.ts';
import { keyHashOf } from '../packages/core/src/access/key-hash.ts';
import { buildNode, freePort, run, start, type Started } from './children.ts';
import { MODEL } from './payloads.ts';

export type SystemId = 'nginx' | 'peer' | 'keywell' | 'keywell-no-log';

/** A system that is up. */
export interface System {
  readonly id: SystemId;
  readonly title: string;
  readonly pid: number;
  readonly callPort: number;
  readonly streamPort: number;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly died: Promise<never>;
  /** From the start of the process to the first answer that says it is ready. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** A system that cannot run here, and why. */
export interface Absent {
  readonly id: SystemId;
  readonly why: string;
}

export interface Place {
  readonly repository: string;
  /** Folder for everything this run writes; removed at its end. */
  readonly work: string;
  readonly upstreamPort: number;
  /** Listener workers of nginx and of Keywell. */
  readonly workers: number;
}

const READY_WITHIN_MS = 20_000;

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await answer.arrayBuffer();
    return answer.status < 500;
  } catch {
    return false;
  }
}

/** Milliseconds until the URL answered. Throws when the process dies first or nothing answers in time. */
async function untilReady(started: Started, url: string): Promise<number> {
  const from = performance.now();
  const poll = async (): Promise<number> => {
    while (performance.now() - from < READY_WITHIN_MS) {
      if (await answers(url)) return performance.now() - from;
      await sleep(20);
    }
    throw new Error(`nothing answers at ${url}`);
  };
  try {
    return await Promise.race([poll(), started.died]);
  } catch (error) {
    await started.stop();
    throw error;
  }
}

function nginxServer(port: number, buffering: 'on' | 'off'): string {
  return `
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering ${buffering};
      proxy_read_timeout 300s;
    }
  }`;
}

function nginxConfig(place: Place, callPort: number, streamPort: number): string {
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes ${place.workers};
worker_rlimit_nofile 16384;
daemon off;
pid ${place.work}/nginx.pid;
error_log ${place.work}/nginx-error.log warn;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${place.work}/nginx-body;
  proxy_temp_path ${place.work}/nginx-proxy;
  fastcgi_temp_path ${place.work}/nginx-fastcgi;
  uwsgi_temp_path ${place.work}/nginx-uwsgi;
  scgi_temp_path ${place.work}/nginx-scgi;
  client_body_buffer_size 64k;
  keepalive_requests 1000000;
  upstream provider { server 127.0.0.1:${place.upstreamPort}; keepalive 128; keepalive_requests 1000000; }
  ${nginxServer(callPort, 'on')}
  ${nginxServer(streamPort, 'off')}
}
`;
}

/** nginx from the system, or from Debian's packages where this process may install them. Null: there is none. */
async function findNginx(place: Place): Promise<string | null> {
  const found = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find(existsSync);
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return null;
  process.stderr.write('bench: installing nginx-light from Debian …\n');
  try {
    await run('/usr/bin/apt-get', ['install', '-y', '-qq', 'nginx-light'], {
      cwd: place.work,
      maxMs: 180_000,
    });
    // Debian starts what it installs; the bench runs its own.
    await run('/usr/sbin/service', ['nginx', 'stop'], { cwd: place.work, maxMs: 20_000 });
  } catch {
    return existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : null;
  }
  return '/usr/sbin/nginx';
}

async function startNginx(place: Place): Promise<System | Absent> {
  const program = await findNginx(place);
  if (program === null) {
    return {
      id: 'nginx',
      why: 'not installed, and only root can install it (apt-get install nginx-light)',
    };
  }
  const callPort = await freePort();
  const streamPort = await freePort();
  const config = join(place.work, 'nginx.conf');
  writeFileSync(config, nginxConfig(place, callPort, streamPort));
  const started = start({
    command: program,
    args: ['-p', place.work, '-c', config, '-e', join(place.work, 'nginx-error.log')],
    cwd: place.work,
    logFile: join(place.work, 'nginx.log'),
  });
  const readyMs = await untilReady(started, `http://127.0.0.1:${callPort}/`);
  return {
    ...started,
    id: 'nginx',
    title: `nginx, proxy_pass, ${place.workers} workers`,
    callPort,
    streamPort,
    model: MODEL,
    headers: { authorization: 'Bearer bench' },
    readyMs,
  };
}

async function startPeer(place: Place): Promise<System | Absent> {
  const folder = join(place.repository, 'bench/peer');
  const program = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  if (!existsSync(program)) {
    process.stderr.write('bench: installing the peer …\n');
    await run('npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
      cwd: folder,
      maxMs: 180_000,
    });
  }
  const port = await freePort();
  const started = start({
    command: process.execPath,
    args: [program, `--port=${port}`, '--headless'],
    env: { NODE_ENV: 'production' },
    cwd: folder,
    logFile: join(place.work, 'peer.log'),
  });
  const readyMs = await untilReady(started, `http://127.0.0.1:${port}/`);
  return {
    ...started,
    id: 'peer',
    title: '@portkey-ai/gateway 1.15.2, 1 process',
    callPort: port,
    streamPort: port,
    model: MODEL,
    headers: {
      authorization: 'Bearer bench',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${place.upstreamPort}/v1`,
    },
    readyMs,
  };
}

function keywellConfig(place: Place, keyHash: string, log: boolean): string {
  const template = readFileSync(join(place.repository, 'bench/keywell.bench.yaml'), 'utf8');
  return template
    .replace('UPSTREAM_PORT', String(place.upstreamPort))
    .replace('KEY_HASH', keyHash)
    .concat(log ? '' : 'log: { enabled: false }\n');
}

async function startKeywell(place: Place, log: boolean): Promise<System | Absent> {
  const id = log ? 'keywell' : 'keywell-no-log';
  const key = formatConsumerKey(randomBytes(7), randomBytes(32));
  const hash = keyHashOf(key, (text) => createHash('sha256').update(text).digest('hex'));
  const folder = join(place.work, id);
  mkdirSync(folder, { mode: 0o700 });
  const config = join(folder, 'keywell.yaml');
  writeFileSync(config, keywellConfig(place, hash, log));
  const port = await freePort();
  const adminPort = await freePort();
  const options = {
    config,
    data: join(folder, 'data'),
    port,
    'admin-port': adminPort,
    workers: place.workers,
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  await buildNode(place.repository);
  const env = ['A', 'B', 'C', 'D', 'E'].map((each) => [`BENCH_KEY_${each}`, `bench-key-${each}`]);
  const started = start({
    command: process.execPath,
    args: [join(place.repository, 'apps/server/src/main.ts'), 'start', ...flags],
    env: Object.fromEntries(env),
    cwd: folder,
    logFile: join(place.work, `${id}.log`),
  });
  const readyMs = await untilReady(started, `http://127.0.0.1:${port}/readyz`);
  return {
    ...started,
    id,
    title: `Keywell, ${place.workers} workers${log ? '' : ', request log off'}`,
    callPort: port,
    streamPort: port,
    model: 'smart',
    headers: { authorization: `Bearer ${key}` },
    readyMs,
  };
}

const STARTERS: Readonly<Record<SystemId, (place: Place) => Promise<System | Absent>>> = {
  nginx: startNginx,
  peer: startPeer,
  keywell: (place) => startKeywell(place, true),
  'keywell-no-log': (place) => startKeywell(place, false),
};

export const SYSTEM_IDS: readonly SystemId[] = ['nginx', 'peer', 'keywell', 'keywell-no-log'];

/** Starts one system and waits until it answers. Throws when it is there and does not come up. */
export function startSystem(id: SystemId, place: Place): Promise<System | Absent> {
  return STARTERS[id](place);
}
