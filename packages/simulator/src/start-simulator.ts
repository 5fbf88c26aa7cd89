/**
 * A provider on the wire: the OpenAI, Anthropic, Gemini, Bedrock and Azure dialects, any vendor's errors and limit headers, real limiters, real refusals,
 * faults on demand, exact call counts. One process, or embedded in another process or worker thread.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { failed } from './behaviour/pace.ts';
import { readFault } from './behaviour/fault-input.ts';
import type { FaultInput } from './behaviour/fault-input.ts';
import type { FaultStatus } from './behaviour/fault-board.ts';
import type { FaultName } from './behaviour/faults.ts';
import type { CallCounts, CallRecord } from './calls/call-log.ts';
import { AdvancingClock, systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { handleControl } from './control/control-routes.ts';
import { anthropicDialect } from './dialects/anthropic/anthropic-dialect.ts';
import { azureDialect } from './dialects/azure/azure-dialect.ts';
import { bedrockDialect } from './dialects/bedrock/bedrock-dialect.ts';
import type { Dialect } from './dialects/dialect.ts';
import { geminiDialect } from './dialects/gemini/gemini-dialect.ts';
import { oauthDialect } from './dialects/oauth/oauth-dialect.ts';
import { openaiDialect } from './dialects/openai/openai-dialect.ts';
import { defaultProfile } from './profile/default-profile.ts';
import { checkProfile } from './profile/parse-profile.ts';
import { faultTargetProblems } from './profile/profile-schema.ts';
import type { SimulatorProfile } from './profile/profile-schema.ts';
import { snakeize } from './profile/camelize.ts';
import { ProviderState } from './provider-state.ts';
import type { LimitLevel } from './provider-state.ts';
import { serveRealtime } from './realtime/realtime-server.ts';

const DIALECTS: readonly Dialect[] = [
  anthropicDialect,
  geminiDialect,
  bedrockDialect,
  azureDialect,
  oauthDialect,
  openaiDialect,
];

export interface SimulatorOptions {
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Default 127.0.0.1. The control endpoint answers loopback peers only, whatever this is. */
  readonly host?: string | undefined;
  readonly profile?: SimulatorProfile | undefined;
  /** Default 1. The same seed and the same calls in the same order give the same ids and the same dice. */
  readonly seed?: number | undefined;
  readonly clock?: Clock | undefined;
}

export interface Simulator {
  /** `http://127.0.0.1:PORT/v1`: what goes into an OpenAI SDK's base URL. */
  readonly url: string;
  /** `http://127.0.0.1:PORT`: the base of `/v1/messages` and `/v1beta/models/…`. */
  readonly origin: string;
  /** `http://127.0.0.1:PORT/_simulator`. */
  readonly controlUrl: string;
  readonly port: number;
  readonly profile: SimulatorProfile;
  /** Exact, per key alias. */
  counts(): CallCounts;
  /** The last calls one by one, oldest first (the profile's `callsKept`, 20,000 by default). */
  calls(): readonly CallRecord[];
  /** Sets a fault and returns its id. Throws when it is wrong or names what the profile does not have. */
  set(change: FaultInput): string;
  /** Ends the faults that fit everything given (all without an argument); returns how many. */
  clear(filter?: { id?: string; fault?: FaultName; key?: string }): number;
  /** The last calls that were refused, and why (`refused`), oldest first. */
  refusals(): readonly CallRecord[];
  /** What is truly left of every limit of every key. */
  limits(): readonly LimitLevel[];
  /** The faults in force. */
  faults(): readonly FaultStatus[];
  /** What an organization has left, micros; null: no end. */
  balance(organization: string): number | null;
  setBalance(organization: string, micros: number | null): void;
  /** Moves the simulator's clock ahead: limiters refill, faults end. Waits under way stay real. */
  advance(ms: number): void;
  /** Counts, funds, limiters, seed and faults as at the start. */
  reset(): void;
  /** Stops listening, closes idle connections and destroys the rest. */
  close(): Promise<void>;
}

/** Starts a simulated provider. Rejects when the port is taken; throws a RangeError when the profile contradicts itself. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const profile = options.profile ?? defaultProfile();
  const problems = checkProfile(profile);
  if (problems.length > 0) throw new RangeError(`simulator profile: ${problems.join('; ')}`);
  const clock = new AdvancingClock(options.clock ?? systemClock);
  const state = new ProviderState(profile, clock, options.seed ?? 1);
  const server = createServer({ keepAliveTimeout: 120_000, maxHeaderSize: 65_536 });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    response.on('error', () => response.destroy());
    try {
      route(state, request, response);
    } catch (error) {
      failed(response, error);
    }
  });
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) {
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    } else {
      socket.destroy();
    }
  });
  const endSessions = serveRealtime(server, state);
  const host = options.host ?? '127.0.0.1';
  await listen(server, options.port ?? 0, host);
  return simulatorOf(state, server, host, endSessions);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function route(state: ProviderState, request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  if (path === '/_simulator' || path.startsWith('/_simulator/')) {
    handleControl(state, request, response, url);
  } else {
    const dialect = DIALECTS.find((candidate) => candidate.owns(path, request)) ?? openaiDialect;
    dialect.handle(state, request, response, path);
  }
}

/** Sets a checked fault that names only what the profile has. */
function setFault(state: ProviderState, change: FaultInput): string {
  const checked = readFault(snakeize(change));
  if (!checked.ok) throw new RangeError(`simulator fault: ${checked.problems.join('; ')}`);
  const [problem] = faultTargetProblems(state.profile, checked.fault);
  if (problem !== undefined) throw new RangeError(`simulator fault: ${problem.message}`);
  return state.faults.set(checked.fault, state.clock.now());
}

function simulatorOf(
  state: ProviderState,
  server: Server,
  host: string,
  endSessions: () => void,
): Simulator {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const origin = `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
  return {
    url: `${origin}/v1`,
    origin,
    controlUrl: `${origin}/_simulator`,
    port,
    profile: state.profile,
    counts: () => state.calls.counts(),
    calls: () => state.calls.recent().calls,
    refusals: () => state.calls.recent().calls.filter(({ refused }) => refused !== null),
    limits: () => state.limitLevels(),
    set: (change) => setFault(state, change),
    clear: (filter = {}) => state.faults.clear(filter),
    faults: () => state.faults.list(state.clock.now()),
    balance: (organization) => fundsOf(state, organization).balanceMicros,
    setBalance: (organization, micros) => {
      fundsOf(state, organization).balanceMicros = micros;
    },
    advance: (ms) => state.clock.advance(ms),
    reset: () => state.reset(),
    close: () => {
      endSessions();
      return close(state, server);
    },
  };
}

function fundsOf(state: ProviderState, organization: string): { balanceMicros: number | null } {
  const funds = state.fundsOf(organization);
  if (funds === null) throw new RangeError(`there is no organization "${organization}"`);
  return funds;
}

async function close(state: ProviderState, server: Server): Promise<void> {
  state.closing = true;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    server.closeAllConnections();
  });
  // the ends of the last calls are recorded a few turns later
  for (let turn = 0; turn < 100 && state.calls.inFlight > 0; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
