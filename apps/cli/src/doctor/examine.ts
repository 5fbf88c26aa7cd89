import type { StatusView } from '@keywell/contract/admin/admin-schemas';
import { domainRemarks } from '../render/suggestions.ts';
import type { DoctorFacts, PathFacts } from './facts.ts';

/** One line of the doctor's report. */
export interface Finding {
  readonly state: 'ok' | 'warn' | 'fail';
  readonly about: string;
  /** What was found and what it means. */
  readonly means: string;
  /** What to do; empty when nothing. */
  readonly todo: string;
}

const ok = (about: string, means: string): Finding => ({ state: 'ok', about, means, todo: '' });
const warn = (about: string, means: string, todo: string): Finding => ({
  state: 'warn',
  about,
  means,
  todo,
});
const fail = (about: string, means: string, todo: string): Finding => ({
  state: 'fail',
  about,
  means,
  todo,
});

/** Judges the facts. */
export function examine(facts: DoctorFacts): readonly Finding[] {
  return [
    examineNode(facts.nodeVersion),
    examineFolder(facts.dataDir),
    examineToken(facts.tokenFile),
    ...examineGateway(facts),
    ...examineSystem(facts),
  ];
}

/** Oldest Node that runs it, and the first ones with the Brotli decoder's flaw (CVE-2026-111497) closed. */
export function examineNode(version: string): Finding {
  const parts = version.replace(/^v/, '').split('.').map(Number);
  const [major = 0, minor = 0, patch = 0] = parts;
  const atLeast = (a: number, b: number, c: number): boolean =>
    major !== a ? major > a : minor !== b ? minor > b : patch >= c;
  if (!atLeast(24, 21, 0))
    return fail(
      'Node',
      `${version} is too old.`,
      'Start with "npm start", which uses the pinned Node, or install Node 26.',
    );
  const fixed = major === 24 ? atLeast(24, 22, 1) : atLeast(26, 12, 1);
  if (fixed) return ok('Node', `${version}.`);
  return warn(
    'Node',
    `${version} has a flaw in its Brotli decoder. Keywell never decodes Brotli, so loopback use is fine.`,
    'Run 24.22.1, 26.12.1 or later before a listener leaves this machine.',
  );
}

function examineFolder(folder: PathFacts): Finding {
  if (!folder.exists)
    return warn('Data folder', `${folder.path} does not exist yet.`, '"keywell start" makes it.');
  if (!folder.ours)
    return fail(
      'Data folder',
      `${folder.path} belongs to another user.`,
      'Run this and the gateway as the same user.',
    );
  if ((folder.mode & 0o077) !== 0)
    return fail(
      'Data folder',
      `${folder.path} is open to other users (mode 0${folder.mode.toString(8)}).`,
      `Run: chmod 700 ${folder.path}`,
    );
  return ok('Data folder', `${folder.path}, private.`);
}

function examineToken(file: PathFacts): Finding {
  if (!file.exists)
    return warn(
      'Admin token',
      'There is none yet.',
      '"keywell start" makes it in the data folder.',
    );
  if ((file.mode & 0o077) !== 0)
    return fail(
      'Admin token',
      `${file.path} can be read by other users.`,
      `Run: chmod 600 ${file.path}, then stop the gateway, remove the file and start again.`,
    );
  return ok('Admin token', 'Present, private.');
}

function examineGateway(facts: DoctorFacts): readonly Finding[] {
  const { gateway } = facts;
  if (gateway.kind === 'answers')
    return [
      ...examineStatus(gateway.status),
      ...domainRemarks(gateway.domains).map(({ means, todo }) => warn('Domains', means, todo)),
    ];
  if (gateway.kind === 'unauthorized')
    return [
      fail(
        'Gateway',
        'One runs at the admin address, and it does not accept the token of this data folder.',
        'Name its data folder with --data.',
      ),
    ];
  if (gateway.kind === 'strange')
    return [fail('Gateway', gateway.message, 'Something else may hold the port; see --admin-url.')];
  const idle = warn(
    'Gateway',
    `It does not run here. ${gateway.message}`.trim(),
    'Start it with "keywell start"; providers and their clocks are looked at while it runs.',
  );
  return [idle, ...facts.ports.map(examinePort), ...examineCheck(facts.check)];
}

function examinePort({ port, taken }: { port: number; taken: boolean }): Finding {
  if (!taken) return ok(`Port ${port}`, 'Free.');
  return fail(
    `Port ${port}`,
    'Something else listens there.',
    'Stop it, or start with --port and --admin-port.',
  );
}

function examineCheck(check: DoctorFacts['check']): readonly Finding[] {
  if (check === null) return [];
  if (check.ok)
    return [
      ok('Configuration', check.text),
      ...check.warnings.map(({ message, hint }) => warn('Configuration', message, hint)),
    ];
  return [fail('Configuration', check.text, 'Correct what "keywell check" lists.')];
}

function examineStatus(status: StatusView): readonly Finding[] {
  const { data_plane: plane } = status;
  const serving = plane.workers.filter((worker) => worker.listening).length;
  const running = `version ${status.version}, process ${status.pid}, ${serving} of ${plane.workers.length} workers serve.`;
  return [
    serving === plane.workers.length && serving > 0
      ? ok('Gateway', running)
      : fail('Gateway', running, 'Look at its log for why workers ended.'),
    ...(plane.restarts > 0
      ? [warn('Workers', `${plane.restarts} were replaced after a crash.`, 'Look at the log.')]
      : []),
    ...status.listeners.map((each) =>
      ok(`Listener ${each.name}`, `${each.host}:${each.port}, held by this gateway.`),
    ),
    ...examineConfiguration(status.configuration),
    ...(status.log !== null && status.log.shed > 0
      ? [
          warn(
            'Request log',
            `${status.log.shed} requests were not logged because the queue was full.`,
            'Raise log.max_queued_rows, or look at the disk.',
          ),
        ]
      : []),
    ...status.probes.flatMap(examineProbe),
  ];
}

function examineConfiguration(configuration: StatusView['configuration']): readonly Finding[] {
  const { source, problems, warnings } = configuration;
  const [first] = problems;
  const runs = {
    file: 'the last one that was good',
    last_good: 'the last good one, from before the restart',
    fallback: 'the simulator',
  }[source];
  if (first !== undefined)
    return [
      fail(
        'Configuration',
        `${configuration.file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}; ${runs} is in force. First: ${first.line > 0 ? `line ${first.line}: ` : ''}${first.message}`,
        `${first.hint} Then: keywell reload`.trim(),
      ),
    ];
  if (source === 'fallback')
    return [
      warn(
        'Configuration',
        'There is no file, so the simulator answers.',
        `Write ${configuration.file} to use providers.`,
      ),
    ];
  return [
    ok('Configuration', `${configuration.file}, version ${configuration.version}.`),
    ...warnings.map((each) =>
      warn(
        'Configuration',
        `${each.line > 0 ? `Line ${each.line}: ` : ''}${each.message}`,
        each.hint,
      ),
    ),
  ];
}

const SKEW_WARN_MS = 5000;

function examineProbe(probe: StatusView['probes'][number]): readonly Finding[] {
  const about = `Provider ${probe.provider}`;
  if (!probe.reachable)
    return [
      fail(
        about,
        `${probe.base_url} was not reached: ${probe.error}`,
        'Check base_url, DNS, proxies and firewalls of this machine.',
      ),
    ];
  const skew = probe.clock_skew_ms;
  const reached = ok(about, `Reached in ${Math.round(probe.latency_ms ?? 0)} ms.`);
  if (skew === null || Math.abs(skew) < SKEW_WARN_MS) return [reached];
  return [
    reached,
    warn(
      'Clock',
      `It differs from that of ${probe.provider} by ${Math.round(Math.abs(skew) / 1000)} s, so ends of cooldowns may be misjudged.`,
      'Turn time synchronisation on.',
    ),
  ];
}

const OPEN_FILES_WANTED = 20_000;

function examineSystem(facts: DoctorFacts): readonly Finding[] {
  const findings: Finding[] = [];
  const { maxOpenFiles, tcpMigrateReq } = facts;
  if (maxOpenFiles !== null && maxOpenFiles < OPEN_FILES_WANTED)
    findings.push(
      warn(
        'Open files',
        `At most ${maxOpenFiles}, so about ${Math.floor(maxOpenFiles / 2)} calls at once (each takes two).`,
        `Raise it: ulimit -n ${OPEN_FILES_WANTED}, or LimitNOFILE= of the service.`,
      ),
    );
  else if (maxOpenFiles !== null)
    findings.push(
      ok('Open files', `At most ${maxOpenFiles === Infinity ? 'any number' : maxOpenFiles}.`),
    );
  if (tcpMigrateReq === 0)
    findings.push(
      ok(
        'Restarts',
        'Without loss behind a balancer that obeys /readyz; without one, set net.ipv4.tcp_migrate_req=1.',
      ),
    );
  return findings;
}
