/** What `keywell simulate` does: read the profile, start, say what is up. */
import { readFile } from 'node:fs/promises';
import { defaultProfile } from './profile/default-profile.ts';
import { parseProfile } from './profile/parse-profile.ts';
import type { SimulatorProfile } from './profile/profile-schema.ts';
import { startSimulator } from './start-simulator.ts';
import type { Simulator } from './start-simulator.ts';

const DEFAULT_SIMULATOR_PORT = 9090;

export interface RunSimulatorOptions {
  /** Path of a YAML profile; without one the default profile is simulated. */
  readonly profileFile?: string | undefined;
  /** Default 9090; 0 takes any free port. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly seed?: number | undefined;
  /** Called once a line. */
  readonly print: (line: string) => void;
}

export type RunSimulatorResult =
  | { readonly ok: true; readonly simulator: Simulator; readonly stop: () => Promise<void> }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Starts a simulator and prints what is up. What is wrong with the profile or the port comes back as text, one problem a line. */
export async function runSimulator(options: RunSimulatorOptions): Promise<RunSimulatorResult> {
  const read = await readProfile(options.profileFile);
  if (!read.ok) return read;
  const { host, seed } = options;
  const port = options.port ?? DEFAULT_SIMULATOR_PORT;
  try {
    const simulator = await startSimulator({ port, host, seed, profile: read.profile });
    const own = options.profileFile !== undefined;
    for (const line of describeSimulator(simulator, own)) options.print(line);
    return { ok: true, simulator, stop: () => simulator.close() };
  } catch (error) {
    return { ok: false, problems: [startProblem(error, port)] };
  }
}

async function readProfile(
  file: string | undefined,
): Promise<{ ok: true; profile: SimulatorProfile } | { ok: false; problems: string[] }> {
  if (file === undefined) return { ok: true, profile: defaultProfile() };
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [`${file}: cannot be read: ${reason}`] };
  }
  const parsed = parseProfile(text, file);
  if (parsed.ok) return parsed;
  const problems = parsed.problems.map(({ line, column, path, message }) => {
    const place = line === 0 ? file : `${file}:${line}:${column}`;
    return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
  });
  return { ok: false, problems };
}

function startProblem(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `port ${port} is taken; choose another with --port`;
  if (code === 'EACCES') return `port ${port} needs more rights; choose one above 1023`;
  return error instanceof Error ? error.message : String(error);
}

/** What a person needs to use it. Key values are shown for the default profile only: another file's may be real. */
function describeSimulator(simulator: Simulator, ownProfile: boolean): string[] {
  const { profile, url, controlUrl } = simulator;
  const lines = [
    `Simulated provider: ${url}`,
    ...(profile.face === undefined ? [] : [`Errors and headers:  ${profile.face}`]),
    `Control:            ${controlUrl}/counts`,
    `Models:             ${profile.models.map((model) => model.id).join(', ')}`,
  ];
  for (const organization of profile.organizations) {
    for (const project of organization.projects) {
      const keys = project.keys.map((key) =>
        ownProfile ? key.alias : `${key.alias} = ${key.value}`,
      );
      lines.push(`Keys of ${organization.id}/${project.id}: ${keys.join(', ')}`);
    }
  }
  if (!ownProfile) {
    const key = profile.organizations[0]?.projects[0]?.keys[0]?.value ?? '';
    lines.push(
      `Try: curl ${url}/chat/completions -H 'authorization: Bearer ${key}' -H 'content-type: application/json' -d '{"model":"gpt-5","messages":[{"role":"user","content":"Hello"}]}'`,
    );
  }
  return lines;
}
